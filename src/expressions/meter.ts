// What one evaluation may cost: counted, not timed, so that a replay comes to the same end.

import { ConditionError } from "./condition-error.ts";

const maxNodes = 100_000;
export const maxResultCharacters = 1024 * 1024;
/** All that is made on the way, together: no chain of large values fills the memory. */
const maxMadeCharacters = 16 * maxResultCharacters;
/** About 50 ns each: comparing, searching and matching block their process for about 0.2 s at most. */
const maxWorkUnits = 4_000_000;
const charactersPerUnit = 64;
/** What an item of a list counts for: about the memory it takes. */
const charactersPerItem = 8;

export class Meter {
  #nodes = maxNodes;
  #made = maxMadeCharacters;
  #work = maxWorkUnits;

  reset(): void {
    this.#nodes = maxNodes;
    this.#made = maxMadeCharacters;
    this.#work = maxWorkUnits;
  }

  /** @throws {ConditionError} when more nodes were evaluated than may be. */
  spendNodes(count: number): void {
    this.#nodes -= count;
    if (this.#nodes < 0) throw new ConditionError(`the expression evaluates more than ${maxNodes} nodes`);
  }

  /** @throws {ConditionError} when the evaluation has become too dear. */
  spend(units: number): void {
    this.#work -= units;
    if (this.#work < 0) throw new ConditionError("the expression takes too long on this request");
  }

  /** One pass over a text. */
  spendOnText(length: number): void {
    this.spend(1 + length / charactersPerUnit);
  }

  /** Before a text of this length is made. */
  makeText(length: number): void {
    if (length > maxResultCharacters) throw new ConditionError("a text of over 1 MiB would be made");
    this.#made -= length;
    if (this.#made < 0) throw new ConditionError("the expression makes more than 16 MiB");
    this.spendOnText(length);
  }

  /** While a list grows whose length is not known before. */
  checkItems(count: number): void {
    if (count * charactersPerItem <= maxResultCharacters) return;
    throw new ConditionError(`a list of more than ${maxResultCharacters / charactersPerItem} items would be made`);
  }

  /** Before a list or a map of so many items is made. */
  makeItems(count: number): void {
    this.checkItems(count);
    this.#made -= count * charactersPerItem;
    if (this.#made < 0) throw new ConditionError("the expression makes more than 16 MiB");
    this.spend(1 + count / 4);
  }
}
