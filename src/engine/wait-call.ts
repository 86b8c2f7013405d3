// A host call that only waits, for a time or for news: a timer, a sleep, an approval, a signal, another run.

import type { AppError } from "../core/app-error.ts";
import { newStep, type Step, type StepKind, type StepStatus } from "../core/run.ts";
import { jobOf } from "./job-of.ts";
import { formatStepId } from "../core/step-id.ts";
import type { CallKind } from "../sandbox/sandbox.ts";
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
  /** What the call settles with when the time has come; absent where no time comes. */
  readonly atTime?: WaitEnd;
  /**
   * Called when the wait begins, and not again where an earlier life has begun it.
   * @throws {AppError} what the script's promise rejects with.
   */
  readonly begin?: () => WaitBeginning;
  /** What becomes of the step when the run ends by itself before the wait does; else it is cancelled. */
  readonly whenLeft?: { readonly status: StepStatus; readonly message: string };
  /** Called when the run ends, or is asked to, while it waits; gives what is to be recorded of that. */
  readonly giveUp?: () => readonly Write[];
  /** Called when the run is asked to end while it waits; `runId` is that of the step. */
  readonly onCancel?: (runId: string) => void;
}

/** What is done once for a wait. */
export interface WaitBeginning {
  /** Recorded with the call. */
  readonly writes: readonly Write[];
  /** The run that is waited for. */
  readonly runId?: string;
  /** Where there is nothing to wait for. */
  readonly end?: WaitEnd;
  /** Called when all that is durable. */
  readonly effect: () => void;
}

export interface WaitEnd {
  readonly outcome: CallOutcome;
  readonly status: StepStatus;
  /** What became of it, for people. */
  readonly message?: string;
}

/** News for a call that waits. */
export interface WaitAnswer extends WaitEnd {
  /** Of the host call. */
  readonly number: number;
}

export type WaitCallOptions = Pick<OngoingCallOptions, "call" | "startedAt" | "onEnd"> & {
  readonly parts: Pick<OngoingCallOptions["parts"], "clock">;
  readonly run: Pick<OngoingCallOptions["run"], "id">;
};

export class WaitCall implements Omit<OngoingCall, "lost"> {
  readonly #options: WaitCallOptions;
  readonly #terms: WaitTerms;
  /** Null where it is no step of the run. */
  #step: Step | null;
  #beginning: WaitBeginning | null = null;
  /** What it has begun is durable. */
  #begun = false;
  /** The run was asked to end before that. */
  #isCancelled = false;
  #stopClock: (() => void) | null = null;
  #over = false;

  constructor(options: WaitCallOptions, terms: WaitTerms) {
    const { run, call, parts } = options;
    this.#options = options;
    this.#terms = terms;
    const { kind, until, message } = terms;
    this.#step =
      kind === undefined
        ? null
        : {
            ...newStep(formatStepId({ runId: run.id, number: call.number }), call.name, kind, jobOf(call.args)),
            status: "waiting",
            attempts: 1,
            startedAt: parts.clock.now(),
            until,
            message: message ?? null,
          };
  }

  /** Whether it is a wait of this kind by this name. */
  isFor(kind: CallKind, name: string): boolean {
    const { call } = this.#options;
    return call.kind === kind && call.name === name;
  }

  get wait(): Wait | null {
    return this.#over ? null : { until: this.#terms.until };
  }

  /** @throws {AppError} what the script's promise rejects with. */
  open(): readonly Write[] {
    this.#beginning = this.#terms.begin?.() ?? null;
    const runId = this.#beginning?.runId;
    if (this.#step !== null && runId !== undefined) this.#step = { ...this.#step, runId };
    return [...(this.#beginning?.writes ?? []), ...this.#put()];
  }

  start(): void {
    this.#begun = true;
    this.#beginning?.effect();
    if (this.#isCancelled) this.#cancelRun();
    this.#arm();
  }

  resume({ kept }: KeptCall): void {
    this.#begun = true;
    if (kept !== null) this.#step = kept.step;
    this.#arm();
  }

  /** Ends the wait with news. */
  answer({ outcome, status, message }: WaitEnd): void {
    if (this.#over) return;
    this.#close();
    this.#options.onEnd(outcome, this.#end(status, message), () => {});
  }

  /** Ends a wait that is over as it begins: its result, and what is to be recorded of it. Null where it goes on. */
  endAtOnce(): { readonly outcome: CallOutcome; readonly writes: readonly Write[] } | null {
    const { until, atTime } = this.#terms;
    const hasElapsed = until !== null && until <= this.#options.startedAt;
    const end = this.#beginning?.end ?? (hasElapsed ? atTime : undefined);
    if (end === undefined) return null;
    this.#close();
    return { outcome: end.outcome, writes: this.#end(end.status, end.message) };
  }

  cancel(): void {
    if (this.#over) return;
    this.#cancelRun();
    this.answer({ outcome: cancelled, status: "cancelled" });
  }

  abandon(): void {
    this.#close();
  }

  /**
   * Ends the wait without a result, and gives what is to be recorded of it. `isCancelled`: the run was asked to end, and
   * has not just ended by itself.
   */
  lost(isCancelled: boolean): readonly Write[] {
    if (this.#over) return [];
    this.#close();
    if (isCancelled) this.#cancelRun();
    const { status, message } = (isCancelled ? undefined : this.#terms.whenLeft) ?? { status: "cancelled" };
    return [...(this.#terms.giveUp?.() ?? []), ...this.#end(status, message)];
  }

  /** What has not begun yet cannot be asked to end. */
  #cancelRun(): void {
    this.#isCancelled = true;
    const runId = this.#step?.runId ?? null;
    if (this.#begun && runId !== null) this.#terms.onCancel?.(runId);
  }

  #arm(): void {
    const { until, atTime } = this.#terms;
    if (this.#over || until === null || atTime === undefined) return;
    const { clock } = this.#options.parts;
    // Where the time was set back meanwhile, it has not come yet.
    this.#stopClock = clock.after(until - clock.now(), () => {
      if (until > clock.now()) this.#arm();
      else this.answer(atTime);
    });
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
  error: { code: "RUN_CANCELLED" satisfies AppError["code"], message: "the script has ended it" },
} as const;
