// Starting a step on a full disk: it waits for room instead of failing the run.

import { AppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";

const firstRetryMs = 100;
const longestRetryMs = 2000;

/** What `start` gives. @throws its error where there is another reason, or `isCancelled` says that nobody waits. */
export async function startWhenRoom<T>(
  start: () => Promise<T>,
  clock: Pick<Clock, "after">,
  isCancelled: () => boolean,
): Promise<T> {
  for (let waitMs = firstRetryMs; ; waitMs = Math.min(2 * waitMs, longestRetryMs)) {
    try {
      return await start();
    } catch (thrown) {
      if (!isDiskFull(thrown) || isCancelled()) throw thrown;
    }
    const delayMs = waitMs;
    await new Promise<void>((resolve) => clock.after(delayMs, resolve));
  }
}

/** Nothing of the step has begun then: its folder could not be made. */
function isDiskFull(thrown: unknown): boolean {
  const cause = thrown instanceof AppError && thrown.code === "STEP_NOT_STARTED" ? thrown.cause : undefined;
  return cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT");
}
