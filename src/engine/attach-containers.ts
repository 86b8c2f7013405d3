// Containers that an earlier life of a run keeps open: commands inside them need them to be known.

import type { Executor } from "../executors/executors.ts";
import type { JournalCall } from "../store/store.ts";
import type { EarlierCalls } from "./earlier-calls.ts";

/** Resolves with the calls whose container is gone: whoever uses it is told so. */
export async function attachContainers(
  executor: Executor,
  openContainers: EarlierCalls["openContainers"],
): Promise<readonly JournalCall[]> {
  const gone: JournalCall[] = [];
  const listener = { onOutput: () => {}, onNote: () => {} };
  const nothing = { bytes: 0, last: new Uint8Array(0) };
  for (const { call, spec } of openContainers) {
    const earlier = { taken: { stdout: nothing, stderr: nothing }, spentMs: 0 };
    const attached = await executor.attach(spec, earlier, listener).catch(() => "interrupted" as const);
    if (typeof attached === "string") gone.push(call);
  }
  return gone;
}
