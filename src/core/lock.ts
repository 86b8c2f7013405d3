// The bounds of locks that runs take.

/** How many runs may have one lock at a time, at most. */
export const maxLockHolders = 1000;

/** How many locks one run may have or wait for at a time. */
export const maxLocksOfRun = 100;

export function isLockLimit(limit: unknown): limit is number {
  return typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= maxLockHolders;
}
