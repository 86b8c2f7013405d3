// When a run has to end: its time limit, and the grace that its script has to tidy up once it was asked to.

import type { Clock } from "../core/clock.ts";
import { formatDuration } from "../core/duration.ts";
import type { CancelRequest } from "../store/store.ts";

/** How long `finally` blocks may take; anew in each life of the server, since they cannot do anything between two. */
const graceMs = 30_000;

export interface DeadlineEvents {
  readonly onTimeout: (request: CancelRequest) => void;
  readonly onGraceOver: () => void;
}

export class RunDeadline {
  readonly #clock: Clock;
  readonly #timeoutMs: number | undefined;
  readonly #events: DeadlineEvents;
  #at: number | null = null;
  #stop: (() => void) | null = null;

  /** @param timeoutMs of the run as a whole, waiting and time without a server included; undefined: none. */
  constructor(clock: Clock, timeoutMs: number | undefined, events: DeadlineEvents) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#events = events;
  }

  /** When the time limit is reached, in milliseconds since the Unix epoch; null: never. */
  get at(): number | null {
    return this.#at;
  }

  start(startedAt: number): void {
    const timeoutMs = this.#timeoutMs;
    if (timeoutMs === undefined) return;
    this.#at = startedAt + timeoutMs;
    const message = `the run took longer than its timeout of ${formatDuration(timeoutMs)}`;
    this.#arm(this.#at - this.#clock.now(), () => {
      this.#events.onTimeout({ code: "RUN_TIMEOUT", message, at: this.#clock.now() });
    });
  }

  /** From here on the grace counts instead. */
  startGrace(): void {
    this.#at = null;
    this.#arm(graceMs, this.#events.onGraceOver);
  }

  stop(): void {
    this.#stop?.();
  }

  #arm(delayMs: number, callback: () => void): void {
    this.#stop?.();
    this.#stop = this.#clock.after(Math.max(0, delayMs), callback);
  }
}
