// What the calls of one run do one after the other, in the order they were made; other runs do not wait for it.

import type { NewRun } from "../store/store.ts";

export class RunTurns {
  readonly #last = new WeakMap<NewRun, Promise<void>>();

  /** Resolves when it is this call's turn, with the function that ends the turn. */
  async take(run: NewRun): Promise<() => void> {
    const before = this.#last.get(run);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(run, promise);
    await before;
    return resolve;
  }
}
