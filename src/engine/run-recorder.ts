// The durable record of one run, in order: what is recorded takes effect only once it is on disk.

import { type AppError, toAppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import type { Store, Write } from "../store/store.ts";

const firstRetryMs = 100;
const longestRetryMs = 5000;

interface Effect {
  readonly effect: () => void;
  readonly dropped: () => void;
}

const nothing = (): void => {};

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
  readonly #maskText: (text: string) => string;
  #writes: Write[] = [];
  #effects: Effect[] = [];
  #flushing: Promise<void> | null = null;
  #stopped = false;

  /** `maskText` is what is done to what is said of a step: others have said that. */
  constructor(store: Store, clock: Clock, events: RecorderEvents, maskText: (text: string) => string = (text) => text) {
    this.#store = store;
    this.#clock = clock;
    this.#events = events;
    this.#maskText = maskText;
  }

  /**
   * Records the writes in one transaction, together with what else waits; then calls `effect`, in order of recording.
   * Where the recorder is stopped before that, `dropped` is called instead: who waits must not wait for ever.
   */
  record(writes: readonly Write[], effect: () => void = nothing, dropped: () => void = nothing): void {
    if (this.#stopped) {
      dropped();
      return;
    }
    this.#writes.push(...writes.map((write) => this.#masked(write)));
    this.#effects.push({ effect, dropped });
    // What one turn of the event loop records, like a script's last calls and its end, is one transaction.
    this.#flushing ??= Promise.resolve().then(() => this.#flush());
  }

  /** Records the writes; resolves with true when they and all before them are durable, with false where they never will be. */
  recorded(writes: readonly Write[] = []): Promise<boolean> {
    return new Promise((resolve) => {
      this.record(
        writes,
        () => resolve(true),
        () => resolve(false),
      );
    });
  }

  /** Nothing more is recorded. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Resolves when everything recorded so far is durable and has taken effect, or when stopped. */
  async settled(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing;
  }

  /** Waits until all is durable, but no longer than this, and stops then. */
  async stopWithin(ms: number): Promise<void> {
    const { promise: waited, resolve } = Promise.withResolvers<void>();
    const stopWaiting = this.#clock.after(ms, resolve);
    await Promise.race([this.settled(), waited]);
    stopWaiting();
    this.stop();
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
      for (const each of effects) this.#take(each);
    }
    this.#flushing = null;
  }

  #masked(write: Write): Write {
    if (write.type !== "step.put" || write.step.message === null) return write;
    return { ...write, step: { ...write.step, message: this.#maskText(write.step.message) } };
  }

  #take({ effect, dropped }: Effect): void {
    if (this.#stopped) {
      dropped();
      return;
    }
    try {
      effect();
    } catch (thrown) {
      this.stop();
      this.#events.onLost(toAppError(thrown));
    }
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
