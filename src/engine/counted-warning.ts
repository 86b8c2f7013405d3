// What anybody outside can bring about any number of times: counted, and told once in a while.

import type { Clock } from "../core/clock.ts";

export interface CountedWarningOptions {
  readonly clock: Pick<Clock, "after">;
  readonly everyMs: number;
  /** Given how often it happened since it was told last. */
  readonly tell: (count: number) => void;
}

export class CountedWarning {
  readonly #options: CountedWarningOptions;
  #count = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(options: CountedWarningOptions) {
    this.#options = options;
  }

  add(count = 1): void {
    this.#count += count;
    this.#cancelTimer ??= this.#options.clock.after(this.#options.everyMs, () => this.close());
  }

  /** Tells what was not told yet. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const count = this.#count;
    this.#count = 0;
    if (count > 0) this.#options.tell(count);
  }
}
