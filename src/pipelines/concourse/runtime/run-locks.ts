// The locks of jobs. A run has a lock once; jobs of the same run wait for each other here, and together for other runs.

import { script } from "./script-globals.ts";

export interface JobLock {
  readonly name: string;
  readonly limit: number;
}

export class RunLocks {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Does the work with all of them taken, in one order everywhere, so that no two jobs wait for each other.
   * @throws what the work throws, and CancelledError while it waits.
   */
  async hold<T>(locks: readonly JobLock[], work: () => Promise<T>): Promise<T> {
    const [first, ...rest] = [...locks].sort((a, b) => (a.name < b.name ? -1 : 1));
    if (first === undefined) return await work();
    const { name, limit } = first;
    const before = this.#last.get(name);
    let endTurn = (): void => {};
    this.#last.set(name, new Promise((resolve) => (endTurn = resolve)));
    try {
      await before;
      await script.locks.take(name, { limit });
      try {
        return await this.hold(rest, work);
      } finally {
        await script.locks.release(name);
      }
    } finally {
      endTurn();
    }
  }
}
