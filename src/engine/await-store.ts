// Trying until the store can: what is recorded must not be lost because the disk was full for a while.

import { toAppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";

const firstRetryMs = 100;
const longestRetryMs = 5000;

/** What the attempt gives. @throws its error where that is none that passes, or `isOver` says that nobody waits. */
export async function awaitStore<T>(
  clock: Pick<Clock, "after">,
  attempt: () => Promise<T>,
  isOver: () => boolean,
): Promise<T> {
  for (let waitMs = firstRetryMs; ; waitMs = Math.min(2 * waitMs, longestRetryMs)) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!toAppError(thrown).class.retryable || isOver()) throw thrown;
    }
    const delayMs = waitMs;
    await new Promise<void>((resolve) => clock.after(delayMs, resolve));
  }
}
