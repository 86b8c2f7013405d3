// The durable record of one run, in order: what is recorded takes effect only once it is on disk.

import { type AppError, toAppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import type { Store, Write } from "../store/store.ts";

const firstRetryMs = 100;
const longestRetryMs = 5000;

export interface RecorderEvents {
  /** A commit failed in a way that may pass; it is tried again. */
  readonly onRetry: (error: AppError) => void;
  /** A commit failed for good: nothing more is recorded. */
  readonly onLost: (error: AppError) => void;
}

export class RunRecorder {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #events: RecorderEvents;
  #writes: Write[] = [];
  #effects: (() => void)[] = [];
  #flushing: Promise<void> | null = null;
  #stopped = false;

  constructor(store: Store, clock: Clock, events: RecorderEvents) {
    this.#store = store;
    this.#clock = clock;
    this.#events = events;
  }

  /** Records the writes in one transaction, together with what else waits; then calls `effect`, in order of recording. */
  record(writes: readonly Write[], effect?: () => void): void {
    if (this.#stopped) return;
    this.#writes.push(...writes);
    if (effect !== undefined) this.#effects.push(effect);
    // What one turn of the event loop records, like a script's last calls and its end, is one transaction.
    this.#flushing ??= Promise.resolve().then(() => this.#flush());
  }

  /** Resolves when everything recorded so far is durable and has taken effect, or when stopped. */
  async settled(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing;
  }

  /** Drops what is not yet on its way to disk; nothing takes effect any more. */
  stop(): void {
    this.#stopped = true;
  }

  async #flush(): Promise<void> {
    while (this.#writes.length > 0 || this.#effects.length > 0) {
      const writes = this.#writes;
      const effects = this.#effects;
      this.#writes = [];
      this.#effects = [];
      await this.#commit(writes);
      for (const effect of effects) if (!this.#stopped) effect();
    }
    this.#flushing = null;
  }

  /** A full or failing disk stalls the run instead of losing it: it goes on when the disk does. */
  async #commit(writes: readonly Write[]): Promise<void> {
    for (let waitMs = firstRetryMs; !this.#stopped; waitMs = Math.min(waitMs * 2, longestRetryMs)) {
      try {
        await this.#store.commit(writes);
        return;
      } catch (thrown) {
        const error = toAppError(thrown);
        if (this.#stopped) return;
        if (!error.class.retryable) {
          this.stop();
          this.#events.onLost(error);
          return;
        }
        this.#events.onRetry(error);
        const delayMs = waitMs;
        await new Promise<void>((resolve) => this.#clock.after(delayMs, resolve));
      }
    }
  }
}
