// How much CPU a guest may use: per delivery and in total over its live turns.

/** Looking at the process's CPU time costs a system call, so it is done at most this often. */
const checkEveryMs = 5;

export class CpuBudget {
  readonly #perDeliveryMs: number;
  readonly #totalMs: number;
  readonly #cpuNow: () => number;
  #usedMs: number;
  #live = true;
  #startedAt = 0;
  #nextCheckAt = 0;
  /** CPU time of the process when the delivery began; not known for the short ones, whose wall time is as good. */
  #cpuAtStart: number | null = null;

  constructor(perDeliveryMs: number, totalMs: number, usedMs: number, cpuNow: () => number) {
    this.#perDeliveryMs = perDeliveryMs;
    this.#totalMs = totalMs;
    this.#usedMs = usedMs;
    this.#cpuNow = cpuNow;
  }

  /** A delivery begins; a replayed one does not count towards the total. */
  begin(live: boolean): void {
    this.#live = live;
    this.#startedAt = performance.now();
    this.#nextCheckAt = this.#startedAt + checkEveryMs;
    this.#cpuAtStart = null;
  }

  /** CPU of this delivery so far. */
  get deliveryMs(): number {
    return this.#cpuAtStart === null ? performance.now() - this.#startedAt : this.#cpuNow() - this.#cpuAtStart;
  }

  end(): void {
    if (this.#live) this.#usedMs += this.deliveryMs;
  }

  /** The exceeded limit as a sentence, or null. Cheap enough to be asked for every few thousand instructions. */
  exceeded(): string | null {
    const now = performance.now();
    if (now < this.#nextCheckAt) return null;
    this.#nextCheckAt = now + checkEveryMs;
    this.#cpuAtStart ??= this.#cpuNow() - Math.min(checkEveryMs, now - this.#startedAt);
    const used = this.deliveryMs;
    if (used > this.#perDeliveryMs) {
      return `the script computed for over ${this.#perDeliveryMs / 1000} s without waiting`;
    }
    if (this.#live && this.#usedMs + used > this.#totalMs) {
      return `the run used over ${this.#totalMs / 1000} s of CPU in all`;
    }
    return null;
  }
}
