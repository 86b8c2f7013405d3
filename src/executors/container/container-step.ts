// One step in a container of its own, or the opening of a container that is kept: made, started, ended within its time.

import type { Clock } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import type { RunningStep, StepOutcome } from "../executor.ts";
import type { EndReason } from "../process/step-outcome.ts";

export interface ContainerStepOptions {
  readonly timeoutMs: number | undefined;
  readonly clock: Clock;
  /** Makes the container; ends early when the signal is aborted. */
  readonly prepare: (signal: AbortSignal) => Promise<void>;
  /** Starts it; the time spent until then counts for the limit. Null: it runs on by itself. */
  readonly start: (spentMs: number, signal: AbortSignal) => Promise<RunningStep | null>;
  /** Removes what was made before the step was ended. */
  readonly giveUp: () => Promise<void>;
}

const codes = { timed_out: 124, cancelled: 143 } as const;

export class ContainerStep implements RunningStep {
  readonly outcome: Promise<StepOutcome>;
  readonly #options: ContainerStepOptions;
  readonly #ended = new AbortController();
  readonly #startedAt: number;
  #reason: Exclude<EndReason, "output_limit"> | null = null;
  #running: RunningStep | null = null;

  constructor(options: ContainerStepOptions) {
    this.#options = options;
    this.#startedAt = options.clock.elapsed();
    this.outcome = this.#run();
  }

  get pid(): number | null {
    return this.#running?.pid ?? null;
  }

  cancel(): void {
    this.#end("cancelled");
  }

  #end(reason: Exclude<EndReason, "output_limit">): void {
    if (this.#running !== null) {
      this.#running.cancel();
      return;
    }
    this.#reason ??= reason;
    this.#ended.abort();
  }

  async #run(): Promise<StepOutcome> {
    const { timeoutMs, clock } = this.#options;
    const stopTimer = timeoutMs === undefined ? () => {} : clock.after(timeoutMs, () => this.#end("timed_out"));
    try {
      const running = await this.#begin();
      // From here on the process has its own eye on the time.
      stopTimer();
      if (running === null) return { end: "exited", code: 0, message: null };
      this.#running = running;
      return await running.outcome;
    } catch (thrown) {
      if (this.#reason === null || this.#running !== null) throw thrown;
      return this.#endedEarly(this.#reason);
    } finally {
      stopTimer();
    }
  }

  async #begin(): Promise<RunningStep | null> {
    const { prepare, start, giveUp, clock } = this.#options;
    const { signal } = this.#ended;
    try {
      await prepare(signal);
      signal.throwIfAborted();
      const running = await start(clock.elapsed() - this.#startedAt, signal);
      if (running === null) signal.throwIfAborted();
      else if (signal.aborted) running.cancel();
      return running;
    } catch (thrown) {
      await giveUp().catch(() => {});
      throw thrown;
    }
  }

  #endedEarly(reason: keyof typeof codes): StepOutcome {
    const { timeoutMs = 0 } = this.#options;
    const why = reason === "cancelled" ? "cancelled" : `not finished within ${formatDuration(timeoutMs)}`;
    return { end: reason, code: codes[reason], message: `${why}; its container had not been started yet` };
  }
}
