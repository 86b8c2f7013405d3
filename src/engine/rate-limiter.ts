// How often somebody may come: so many times at once, then one after the other as fast as that many come in a minute.

import type { Clock } from "../core/clock.ts";

/** One of those that a request takes from. */
export interface Bucket {
  readonly key: string;
  readonly perMinute: number;
}

const minuteMs = 60_000;
/** Whoever has more buckets than this shares one more allowance with everybody who comes later. */
const maxKeys = 10_000;

/**
 * A token bucket for each key, kept as the time when it will be full again (GCRA, as ATM Forum TM 4.1 §4.4.2 has it). Full
 * buckets are forgotten, others never: who sends from many addresses does not get an emptied one filled by that.
 */
export class RateLimiter {
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #maxKeys: number;
  /** Key → when its bucket is full, in the order in which they came last. */
  readonly #fullAt = new Map<string, number>();

  constructor(clock: Pick<Clock, "elapsed">, limit = maxKeys) {
    this.#clock = clock;
    this.#maxKeys = limit;
  }

  /** How many buckets are kept. */
  get size(): number {
    return this.#fullAt.size;
  }

  /**
   * Takes one from each bucket: 0; or, where one is empty, the milliseconds until there is one again in all of them, and
   * takes none.
   */
  take(...buckets: readonly Bucket[]): number {
    const now = this.#clock.elapsed();
    this.#forgetFull(now);
    const taken = buckets.map(({ key, perMinute }) => {
      const kept = this.#fullAt.has(key) || this.#fullAt.size < this.#maxKeys ? key : overflowOf(perMinute);
      return { key: kept, fullAt: Math.max(now, this.#fullAt.get(kept) ?? 0) + minuteMs / perMinute };
    });
    const missing = Math.max(...taken.map(({ fullAt }) => fullAt - now - minuteMs));
    // Sums of fractions are off by less than this.
    if (missing > 0.001) return missing;
    for (const { key, fullAt } of taken) {
      this.#fullAt.delete(key);
      this.#fullAt.set(key, fullAt);
    }
    return 0;
  }

  /** Who came first has waited longest: behind one that is not full nobody needs to be looked at now. */
  #forgetFull(now: number): void {
    for (const [key, fullAt] of this.#fullAt) {
      if (fullAt > now) return;
      this.#fullAt.delete(key);
    }
  }
}

/** One for each rate, of which there are few. */
function overflowOf(perMinute: number): string {
  return `others, ${perMinute}`;
}
