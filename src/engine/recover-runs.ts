// What becomes, at start, of the runs that an earlier server life left unfinished: they go on, oldest first.

import type { Catalog } from "../pipelines/pipelines.ts";
import type { ChildRuns } from "./child-runs.ts";
import type { RunParts } from "./run-parts.ts";
import type { RunRegistry } from "./run-registry.ts";
import { tidyEarlierRuns } from "./tidy-run.ts";

/** Queues them in their order, and counts the steps of theirs that execute still; reads no more of each than that. */
export async function recoverRuns(
  parts: RunParts,
  catalog: Pick<Catalog, "get">,
  runs: RunRegistry,
  children: Pick<ChildRuns, "recover">,
): Promise<{ readonly runs: number; readonly steps: number }> {
  const { store, stepSlots, logger } = parts;
  const inFlight = await store.journal.stepsInFlight();
  for (const { stepId, isRunning } of inFlight) if (isRunning) stepSlots.occupy(stepId);
  // A step may take its whole grace to end, which is no reason to keep callers waiting.
  const cleaned = cleanLeftovers(parts, new Set(inFlight.map(({ stepId }) => stepId)));
  for (const holder of await store.runs.waitingWithKey()) runs.hold(holder);
  const unfinished = await store.runs.unfinished();
  for (const run of unfinished) runs.recover(run, catalog.get(run.pipeline)?.version?.config.concurrencyLimit);
  await children.recover();
  runs.startWaking();
  void cleaned.then(() => tidyEarlierRuns(parts));
  const steps = inFlight.filter(({ isRunning }) => isRunning).length;
  if (unfinished.length > 0) logger.info("runs of an earlier life go on", { runs: unfinished.length, steps });
  return { runs: unfinished.length, steps };
}

async function cleanLeftovers({ executor, logger }: RunParts, keep: ReadonlySet<string>): Promise<void> {
  try {
    const { endedSteps } = await executor.cleanLeftovers(keep);
    if (endedSteps.length > 0) logger.warn("ended steps of an earlier life", { steps: endedSteps.length });
  } catch (thrown) {
    logger.error("cannot end the steps of an earlier life", { reason: String(thrown) });
  }
}
