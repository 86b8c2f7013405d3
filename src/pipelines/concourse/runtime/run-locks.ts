// The locks of jobs. A run has a lock once; jobs of the same run wait for each other here, and together for other runs.

import { script } from "./script-globals.ts";

export interface JobLock {
  readonly name: string;
  readonly limit: number;
}

/** Of the run: once it was asked to end, what has begun may run its hooks, and nothing else begins. */
export interface RunState {
  /** The code of why; null: it was not. */
  end: string | null;
}

export class RunLocks {
  readonly #state: RunState;
  readonly #last = new Map<string, Promise<void>>();

  constructor(state: RunState) {
    this.#state = state;
  }

  /**
   * Does the work of a job with all of them taken, in one order everywhere, so that no two jobs wait for each other.
   * @throws what the work throws, and CancelledError where the run is asked to end before it has them.
   */
  async hold<T>(job: string, locks: readonly JobLock[], work: () => Promise<T>): Promise<T> {
    const [first, ...rest] = [...locks].sort((a, b) => (a.name < b.name ? -1 : 1));
    if (first === undefined) return await work();
    const { name, limit } = first;
    const before = this.#last.get(name);
    let endTurn = (): void => {};
    this.#last.set(name, new Promise((resolve) => (endTurn = resolve)));
    try {
      await before;
      // A lock that is asked for now could be waited for until the run is ended by force.
      const { end } = this.#state;
      if (end !== null) throw new script.CancelledError("the run was asked to end before", end);
      await script.locks.take(name, { limit, job });
      try {
        return await this.hold(job, rest, work);
      } finally {
        await script.locks.release(name);
      }
    } catch (thrown) {
      if (thrown instanceof script.CancelledError) this.#state.end ??= thrown.code ?? "RUN_CANCELLED";
      throw thrown;
    } finally {
      endTurn();
    }
  }
}
