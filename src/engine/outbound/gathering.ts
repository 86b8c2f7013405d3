// Brings together what would be committed one after the other: a commit of many costs little more than one of one.

import type { Clock } from "../../core/clock.ts";

/** Nobody notices that an attempt is on record so much later; after a crash in between it is made again. */
const gatherMs = 3;
const mostWaiting = 16;

export class Gathering {
  readonly #clock: Pick<Clock, "after">;
  #waiting: (() => void)[] = [];
  #stopTimer: (() => void) | null = null;

  constructor(clock: Pick<Clock, "after">) {
    this.#clock = clock;
  }

  /** Resolves soon, for all that wait at the same time. */
  async turn(): Promise<void> {
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn.resolve);
    if (this.#waiting.length >= mostWaiting) this.#end();
    else this.#stopTimer ??= this.#clock.after(gatherMs, () => this.#end());
    await turn.promise;
  }

  #end(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }
}
