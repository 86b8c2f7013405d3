// The bounds of locks that runs take.

import { maxJobs } from "./job.ts";

/** How many runs may have one lock at a time, at most. */
export const maxLockHolders = 1000;

/** How many locks one run may have or wait for at a time: enough for each of its jobs, and for groups of them. */
export const maxLocksOfRun = 2 * maxJobs;

export function isLockLimit(limit: unknown): limit is number {
  return typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= maxLockHolders;
}
