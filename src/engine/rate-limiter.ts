// How often somebody may come: so many times at once, then one after the other as fast as that many come in a minute.

import type { Clock } from "../core/clock.ts";

const minuteMs = 60_000;
/** Whoever has more addresses than this shares one more allowance with everybody who comes later. */
const maxKeys = 10_000;
const overflow = "";

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

  /** Takes one from the bucket: 0; or, where it is empty, the milliseconds until there is one again, and takes none. */
  take(key: string, perMinute: number): number {
    const now = this.#clock.elapsed();
    this.#forgetFull(now);
    const bucket = this.#fullAt.has(key) || this.#fullAt.size < this.#maxKeys ? key : overflow;
    const fullAt = Math.max(now, this.#fullAt.get(bucket) ?? 0) + minuteMs / perMinute;
    const missing = fullAt - now - minuteMs;
    // Sums of fractions are off by less than this.
    if (missing > 0.001) return missing;
    this.#fullAt.delete(bucket);
    this.#fullAt.set(bucket, fullAt);
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
