// The end of a run whose own records the store refuses.

import type { Write } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import type { RunEnd } from "./run-end.ts";
import type { RunParts } from "./run-parts.ts";
import { tidyRun } from "./tidy-run.ts";

/** Resolves when the end is durable, or cannot be. */
export async function recordLoss(
  parts: RunParts,
  runId: string,
  lost: readonly Write[],
  end: RunEnd,
  isOver: () => boolean,
): Promise<void> {
  const { store, clock, logger } = parts;
  const at = clock.now();
  const commit = (): Promise<void> => store.commit([...lost, { type: "run.finish", id: runId, ...end, at }]);
  try {
    await awaitStore(clock, commit, isOver);
    void tidyRun(parts, runId);
  } catch (thrown) {
    logger.error("nor could its end", { run: runId, reason: String(thrown) });
  }
}
