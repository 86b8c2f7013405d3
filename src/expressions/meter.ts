// What one evaluation may cost: counted, not timed, so that a replay comes to the same end.

import { ConditionError } from "./condition-error.ts";

/** About 50 ns each, so that the dearest evaluation blocks its process for about half a second. */
const maxUnits = 10_000_000;
const charactersPerUnit = 64;

export class Meter {
  #left = maxUnits;

  /** @throws {ConditionError} when the evaluation has become too dear. */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new ConditionError("the expression takes too long on this request");
  }

  /** One pass over a text. */
  spendOnText(length: number): void {
    this.spend(1 + length / charactersPerUnit);
  }
}
