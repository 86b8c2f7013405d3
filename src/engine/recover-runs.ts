// What becomes, at start, of the runs that an earlier server life left unfinished.

import type { Catalog } from "../pipelines/pipelines.ts";
import type { Write } from "../store/store.ts";
import { plainError } from "./run-end.ts";
import type { PinnedVersion, RunParts } from "./run-parts.ts";
import type { RunRegistry } from "./run-registry.ts";
import { tidyEarlierRuns } from "./tidy-run.ts";

const interruptedMessage = "the server ended while the run was executing";
const interruptedHint = "trigger it again; what its finished steps did is in its log";

/** Fails those that had begun, ends what is left of their steps, and queues again those that had not begun. */
export async function recoverRuns(
  parts: RunParts,
  catalog: Pick<Catalog, "get">,
  runs: RunRegistry,
): Promise<{ readonly interrupted: number; readonly resumed: number }> {
  // A step may take its whole grace to end, which is no reason to keep callers waiting.
  const cleaned = cleanLeftovers(parts);
  let interrupted = 0;
  let resumed = 0;
  for (const { id } of await parts.store.runs.unfinished()) {
    if (await resume(parts, catalog, runs, id)) resumed++;
    else {
      await interrupt(parts, id);
      interrupted++;
    }
  }
  void cleaned.then(() => tidyEarlierRuns(parts));
  if (interrupted + resumed > 0) parts.logger.warn("runs were left unfinished", { interrupted, resumed });
  return { interrupted, resumed };
}

async function cleanLeftovers({ executor, logger }: RunParts): Promise<void> {
  try {
    const { endedSteps } = await executor.cleanLeftovers();
    if (endedSteps.length > 0) logger.warn("ended steps of an earlier life", { steps: endedSteps.length });
  } catch (thrown) {
    logger.error("cannot end the steps of an earlier life", { reason: String(thrown) });
  }
}

/** A run that is still queued has had no effect yet, so it can begin as if nothing had happened. */
async function resume(parts: RunParts, catalog: Pick<Catalog, "get">, runs: RunRegistry, id: string): Promise<boolean> {
  const kept = await parts.store.runs.findKept(id);
  if (kept?.status !== "queued") return false;
  const version = await findPinned(parts, catalog, kept.run.pipeline, kept.run.bundleHash);
  if (version === null) return false;
  runs.resume(kept.run, version);
  return true;
}

async function findPinned(
  parts: RunParts,
  catalog: Pick<Catalog, "get">,
  pipeline: string,
  bundleHash: string,
): Promise<PinnedVersion | null> {
  const bundle = await parts.store.bundles.find(bundleHash);
  const config = catalog.get(pipeline)?.version?.config;
  return bundle === undefined || config === undefined ? null : { bundle, config };
}

async function interrupt(parts: RunParts, id: string): Promise<void> {
  const at = parts.clock.now();
  const error = plainError("INTERRUPTED", interruptedMessage, interruptedHint);
  const run = await parts.store.runs.find(id);
  const steps = (run?.steps ?? []).filter(({ finishedAt }) => finishedAt === null);
  const writes: Write[] = steps.map((step) => ({
    type: "step.put",
    runId: id,
    step: { ...step, status: "failed", finishedAt: at },
  }));
  const seq = (await parts.store.logs.lastSeq(id)) + 1;
  const text = `failed: ${interruptedMessage} — ${interruptedHint}`;
  writes.push(
    { type: "log.line", runId: id, seq, at, source: "system", level: "error", text },
    { type: "run.finish", id, status: "failed", result: null, error, at },
  );
  await parts.store.commit(writes);
}
