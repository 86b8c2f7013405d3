// When a delivery is tried again.

/** By this share a wait may be shorter or longer, so that what failed together does not come back together. */
const jitter = 0.1;
/** Longer than this nobody may put an attempt off. */
const longestAskedMs = 24 * 60 * 60 * 1000;

/**
 * How long to wait before an attempt, from the end of the one before it, in whole milliseconds; null: there is no such
 * attempt. The first is made at once.
 * @param attempt its number, from 1.
 * @param delaysMs waits before the attempts 2, 3, ….
 * @param spread 0 to 1, excluded; the middle is no jitter.
 * @param retryAfterMs how long the receiver asked to be left alone: it is not tried sooner, for at most a day.
 */
export function delayBefore(
  attempt: number,
  delaysMs: readonly number[],
  spread: number,
  retryAfterMs = 0,
): number | null {
  if (attempt === 1) return 0;
  const delayMs = delaysMs[attempt - 2];
  if (delayMs === undefined) return null;
  const spreadMs = Math.round(delayMs * (1 + jitter * (2 * spread - 1)));
  return Math.max(spreadMs, Math.min(retryAfterMs, longestAskedMs));
}

/** The longest that it can say, whatever a receiver asks. */
export function longestDelayBefore(attempt: number, delaysMs: readonly number[]): number {
  return delayBefore(attempt, delaysMs, 1, longestAskedMs) ?? longestAskedMs;
}
