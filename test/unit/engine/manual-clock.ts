// A clock that stands still until a test moves it.

import type { Clock } from "../../../src/core/clock.ts";

interface Alarm {
  readonly at: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #alarms = new Set<Alarm>();

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const alarm = { at: this.#now + delayMs, callback };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Delays of the alarms that are set, shortest first. */
  get pendingMs(): readonly number[] {
    return [...this.#alarms].map(({ at }) => at - this.#now).toSorted((a, b) => a - b);
  }

  /** Moves on, calls back what has become due, and lets the promises that hang on it settle. */
  async advance(ms: number): Promise<void> {
    this.#now += ms;
    for (const alarm of [...this.#alarms].filter(({ at }) => at <= this.#now)) {
      this.#alarms.delete(alarm);
      alarm.callback();
    }
    await settlePromises();
  }
}

/** Waits until what is only a matter of promises has happened. */
export async function settlePromises(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
