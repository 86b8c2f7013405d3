// Waiting for the next value of an iterator for a while only, without losing the value that comes later.

import type { Clock } from "../core/clock.ts";

export interface PatientIteratorOptions {
  readonly clock: Clock;
  /** Ends the iteration at once, also in the middle of a wait. */
  readonly signal: AbortSignal;
}

type Arrival<T> =
  { readonly ok: true; readonly result: IteratorResult<T> } | { readonly ok: false; readonly error: unknown };

export class PatientIterator<T> {
  readonly #source: AsyncIterator<T>;
  readonly #options: PatientIteratorOptions;
  #asked = false;
  #arrival: Arrival<T> | undefined;
  #wake: (() => void) | undefined;

  constructor(source: AsyncIterable<T>, options: PatientIteratorOptions) {
    this.#source = source[Symbol.asyncIterator]();
    this.#options = options;
    options.signal.addEventListener("abort", () => this.#wake?.(), { once: true });
  }

  /** The next result, or undefined when there is none within `waitMs`; rejects with what the source threw. */
  async next(waitMs: number): Promise<IteratorResult<T> | undefined> {
    const { signal } = this.#options;
    if (!this.#asked && !signal.aborted) this.#ask();
    if (!this.#arrival && !signal.aborted) await this.#arrivalWithin(waitMs);
    if (signal.aborted) {
      this.close();
      return { done: true, value: undefined };
    }
    const arrival = this.#arrival;
    if (!arrival) return undefined;
    this.#arrival = undefined;
    this.#asked = false;
    if (arrival.ok) return arrival.result;
    throw arrival.error;
  }

  /** Tells the source that nothing more will be asked. */
  close(): void {
    // A generator that waits answers only once it wakes up, so nobody waits for this.
    void this.#source.return?.().then(undefined, () => undefined);
  }

  #ask(): void {
    this.#asked = true;
    // One reaction for each value: racing the same promise again and again would keep every race in memory.
    const arrive = (arrival: Arrival<T>): void => {
      this.#arrival = arrival;
      this.#wake?.();
    };
    this.#source.next().then(
      (result) => arrive({ ok: true, result }),
      (error: unknown) => arrive({ ok: false, error }),
    );
  }

  #arrivalWithin(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const disarm = this.#options.clock.after(waitMs, resolve);
      this.#wake = () => {
        this.#wake = undefined;
        disarm();
        resolve();
      };
    });
  }
}
