// A host call that only waits, for a time or for news from outside: a timer, a sleep.

import type { AppError } from "../core/app-error.ts";
import { newStep, type Step, type StepKind, type StepStatus } from "../core/run.ts";
import type { CallOutcome, Write } from "../store/store.ts";
import type { KeptCall, OngoingCall, OngoingCallOptions, Wait } from "./ongoing-call.ts";

/** What is waited for. */
export interface WaitTerms {
  /** Milliseconds since the Unix epoch; null: for ever. */
  readonly until: number | null;
  /** Absent: what waits is no step of the run. */
  readonly kind?: StepKind;
  /** For people who look at the step. */
  readonly message?: string;
  /** What the call settles with when the time has come. */
  readonly atTime: { readonly outcome: CallOutcome; readonly status: StepStatus };
  /** Recorded with the call. */
  readonly writes?: readonly Write[];
  /** The run that is waited for. */
  readonly runId?: string;
  /** Called when the wait is given up before its end. */
  readonly onCancel?: () => void;
}

/** News for a call that waits. */
export interface WaitAnswer {
  /** Of the host call. */
  readonly number: number;
  readonly outcome: CallOutcome;
  readonly status: StepStatus;
  /** What became of it, for people. */
  readonly message?: string;
}

export type WaitCallOptions = Pick<OngoingCallOptions, "call" | "onEnd"> & {
  readonly parts: Pick<OngoingCallOptions["parts"], "clock">;
  readonly run: Pick<OngoingCallOptions["run"], "id">;
};

export class WaitCall implements OngoingCall {
  readonly #options: WaitCallOptions;
  readonly #terms: WaitTerms;
  /** Null where it is no step of the run. */
  #step: Step | null;
  #stopClock: (() => void) | null = null;
  #over = false;

  constructor(options: WaitCallOptions, terms: WaitTerms) {
    const { run, call, parts } = options;
    this.#options = options;
    this.#terms = terms;
    const { kind, until, message, runId } = terms;
    this.#step =
      kind === undefined
        ? null
        : {
            ...newStep(`${run.id}.${call.number}`, call.name, kind),
            status: "waiting",
            attempts: 1,
            startedAt: parts.clock.now(),
            until,
            message: message ?? null,
            runId: runId ?? null,
          };
  }

  get wait(): Wait | null {
    return this.#over ? null : { until: this.#terms.until };
  }

  open(): readonly Write[] {
    return [...(this.#terms.writes ?? []), ...this.#put()];
  }

  start(): void {
    const { until } = this.#terms;
    if (this.#over || until === null) return;
    const { clock } = this.#options.parts;
    const leftMs = until - clock.now();
    const { outcome, status } = this.#terms.atTime;
    // Where the time was set back meanwhile, it has not come yet.
    this.#stopClock = clock.after(leftMs, () => {
      if (until > clock.now()) this.start();
      else this.answer({ outcome, status });
    });
  }

  resume({ kept }: KeptCall): void {
    if (kept !== null) this.#step = kept.step;
    this.start();
  }

  /** Ends the wait with news. */
  answer({ outcome, status, message }: Omit<WaitAnswer, "number">): void {
    if (this.#over) return;
    this.#close();
    this.#options.onEnd(outcome, this.#end(status, message), () => {});
  }

  /** The rows of a wait whose time had come when it was begun. */
  elapsed(): readonly Write[] {
    this.#close();
    return this.#end(this.#terms.atTime.status);
  }

  cancel(): void {
    if (this.#over) return;
    this.#terms.onCancel?.();
    this.answer({ outcome: cancelled, status: "cancelled" });
  }

  abandon(): void {
    this.#close();
  }

  /** Ends the wait without a result, and gives what is to be recorded of it. */
  lost(): readonly Write[] {
    if (this.#over) return [];
    this.#terms.onCancel?.();
    this.#close();
    return this.#end("cancelled");
  }

  #close(): void {
    this.#over = true;
    this.#stopClock?.();
  }

  #end(status: StepStatus, message?: string): readonly Write[] {
    if (this.#step === null) return [];
    this.#step = endWait(this.#step, status, this.#options.parts.clock.now(), message);
    return this.#put();
  }

  #put(): readonly Write[] {
    return this.#step === null ? [] : [{ type: "step.put", runId: this.#options.run.id, step: this.#step }];
  }
}

/** A waiting step as it is when its wait is over. */
export function endWait(step: Step, status: StepStatus, at: number, message?: string): Step {
  return { ...step, status, finishedAt: at, until: null, message: message ?? step.message };
}

const cancelled = {
  ok: false,
  error: { code: "RUN_CANCELLED" satisfies AppError["code"], message: "the run has ended" },
} as const;
