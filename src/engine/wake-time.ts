// When a run that only waits goes on by itself, and whether it waits long enough to leave memory.

import type { HostCalls } from "./host-calls.ts";
import type { JournalView } from "./journal-view.ts";
import { leastWaitMs } from "./timer-terms.ts";

/** Another run that is waited for may need the place of this one to come to its end. */
const leastWaitBesideRunMs = 500;

/**
 * Null: with news alone. Undefined: it does not leave memory.
 * @param deadlineAt when its time limit is reached, in milliseconds since the Unix epoch; null: never.
 */
export function findWakeTime(
  { waitsUntil: until }: Pick<HostCalls, "waitsUntil">,
  journal: Pick<JournalView, "countOpen">,
  deadlineAt: number | null,
  now: number,
): number | null | undefined {
  if (until === undefined) return undefined;
  if (until === null) return deadlineAt;
  const leastMs = journal.countOpen("child") > 0 ? leastWaitBesideRunMs : leastWaitMs;
  return until - now < leastMs ? undefined : Math.min(until, deadlineAt ?? until);
}
