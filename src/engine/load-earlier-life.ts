// What an earlier life of a run has left in the store.

import type { Journal, KeptStep } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import type { RunParts } from "./run-parts.ts";

export async function loadEarlierLife(
  { store: { journal }, clock }: Pick<RunParts, "store" | "clock">,
  runId: string,
  isOver: () => boolean,
): Promise<{ readonly journal: Journal; readonly steps: ReadonlyMap<number, KeptStep> }> {
  return {
    journal: await awaitStore(clock, async () => await journal.load(runId), isOver),
    steps: await awaitStore(clock, async () => await journal.steps(runId), isOver),
  };
}
