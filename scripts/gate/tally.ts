// What a step of the gate came to, and how several add up.

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** Titles of the tests that did not run. */
  readonly skipped: readonly string[];
}

export function addTallies(tallies: readonly Tally[], skipIsFailure: boolean): Tally {
  const skipped = tallies.flatMap((tally) => tally.skipped);
  const sum = (pick: (tally: Tally) => number) => tallies.reduce((total, tally) => total + pick(tally), 0);
  return {
    passed: sum((tally) => tally.passed),
    failed: sum((tally) => tally.failed) + (skipIsFailure ? skipped.length : 0),
    skipped,
  };
}
