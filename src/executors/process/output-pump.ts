// Moving a step's output from its files to its reader, at the reader's pace, and watching how much there is.

import type { Clock } from "../../core/clock.ts";
import type { StepOutput } from "../executor.ts";
import type { OutputTail } from "./output-tail.ts";

export interface OutputPumpOptions {
  readonly tails: readonly OutputTail[];
  readonly onOutput: (output: StepOutput) => Promise<void> | void;
  /** No more than this is handed over in all, what was taken before included. */
  readonly maxBytes: number;
  /** Called once, when more than `maxBytes` were written. */
  readonly onLimit: () => void;
  /** Called once, when `onOutput` or a file fails; the rest of the output is dropped. */
  readonly onFailure: (thrown: unknown) => void;
  readonly clock: Clock;
}

const firstPollMs = 4;
const busyPollMs = 15;

/** The longest time between two looks at the files of a step that has been silent for this long. */
function slowestPollMs(silentMs: number): number {
  if (silentMs < 2000) return 20;
  return silentMs < 60_000 ? 40 : 100;
}

/**
 * Looks at the files from time to time: two calls of fstat(2) are about a microsecond, so hundreds of silent steps
 * cost nothing to speak of, on any filesystem. Looking goes on while the reader is slow, for the limit's sake.
 */
export class OutputPump {
  readonly #options: OutputPumpOptions;
  #cancelPoll: () => void;
  #pollMs = firstPollMs;
  #lastOutputAt: number;
  #remainingBytes: number;
  #isOverLimit = false;
  #failed = false;
  #draining: Promise<void> | null = null;

  constructor(options: OutputPumpOptions) {
    this.#options = options;
    const takenBytes = options.tails.reduce((sum, tail) => sum + tail.totalBytes, 0);
    this.#remainingBytes = Math.max(0, options.maxBytes - takenBytes);
    this.#lastOutputAt = options.clock.elapsed();
    this.#cancelPoll = options.clock.after(firstPollMs, () => this.#poll());
  }

  /** True once more than `maxBytes` were written. */
  get isOverLimit(): boolean {
    return this.#isOverLimit;
  }

  /** Hands over all that has been written until now, and looks no more. Never rejects. */
  async finish(): Promise<void> {
    this.#cancelPoll();
    if (this.#draining) await this.#draining;
    this.#measure();
    await this.#drain();
  }

  #poll(): void {
    const { clock } = this.#options;
    if (this.#measure()) {
      this.#lastOutputAt = clock.elapsed();
      this.#pollMs = busyPollMs;
      this.#draining ??= this.#drain().finally(() => (this.#draining = null));
    } else {
      this.#pollMs = Math.min(this.#pollMs * 1.5, slowestPollMs(clock.elapsed() - this.#lastOutputAt));
    }
    this.#cancelPoll = clock.after(this.#pollMs, () => this.#poll());
  }

  /** True when there is something to read. */
  #measure(): boolean {
    const { tails, maxBytes, onLimit } = this.#options;
    try {
      for (const tail of tails) tail.measure();
    } catch (thrown) {
      this.#fail(thrown);
    }
    if (!this.#isOverLimit && tails.reduce((sum, tail) => sum + tail.totalBytes, 0) > maxBytes) {
      this.#isOverLimit = true;
      onLimit();
    }
    return !this.#failed && tails.some((tail) => tail.unreadBytes > 0);
  }

  /** One piece of each stream in turn, until all that was measured is handed over. */
  async #drain(): Promise<void> {
    for (let moved = true; moved && !this.#failed;) {
      moved = false;
      for (const tail of this.#options.tails) if (await this.#moveOne(tail)) moved = true;
    }
  }

  async #moveOne(tail: OutputTail): Promise<boolean> {
    if (this.#failed) return false;
    try {
      const output = await tail.read(this.#remainingBytes);
      if (!output) return false;
      this.#remainingBytes -= output.bytes.length;
      await this.#options.onOutput(output);
      return true;
    } catch (thrown) {
      this.#fail(thrown);
      return false;
    }
  }

  #fail(thrown: unknown): void {
    if (!this.#failed) this.#options.onFailure(thrown);
    this.#failed = true;
  }
}
