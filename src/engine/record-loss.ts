// The end of a run whose own records the store refuses.

import type { Write } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import type { EndingRun } from "./followers.ts";
import type { RunEnd } from "./run-end.ts";
import type { RunParts } from "./run-parts.ts";
import { tidyRun } from "./tidy-run.ts";

/** Resolves when the end is durable, or cannot be. */
export async function recordLoss(
  parts: RunParts,
  run: EndingRun,
  lost: readonly Write[],
  end: RunEnd,
  isOver: () => boolean,
): Promise<void> {
  const { store, clock, logger, followers } = parts;
  const recorded = followers.endRun(run, end, clock.now());
  const commit = (): Promise<void> => store.commit([...lost, ...recorded.writes]);
  try {
    await awaitStore(clock, commit, isOver);
    recorded.begin();
    void tidyRun(parts, run.id);
  } catch (thrown) {
    logger.error("nor could its end", { run: run.id, reason: String(thrown) });
  }
}
