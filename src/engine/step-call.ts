// One `runtime.run` of a script: waits for a slot, is tried as often as it may be, and reports how it ended.

import type { JsonValue } from "../core/json.ts";
import { newStep, type Step } from "../core/run.ts";
import { formatStepId } from "../core/step-id.ts";
import type { CallError, StepWrite, Write } from "../store/store.ts";
import type { KeptCall, OngoingCall, OngoingCallOptions, Wait } from "./ongoing-call.ts";
import { type PlannedTry, planRetry } from "./plan-retry.ts";
import type { StepSpec } from "../executors/executors.ts";
import { resolveStepTexts, shownTexts, type StepArguments, stepSpec } from "./step-arguments.ts";
import { type AttemptEnd, StepAttempt } from "./step-attempt.ts";
import type { StreamOffsets } from "./step-output.ts";

/** The parts of {@link OngoingCallOptions} that a step needs. */
export interface StepCallOptions extends Omit<
  OngoingCallOptions,
  "parts" | "run" | "call" | "startedAt" | "isLogShared"
> {
  readonly parts: Pick<
    OngoingCallOptions["parts"],
    "executor" | "stepSlots" | "clock" | "store" | "secrets" | "redactor"
  >;
  readonly run: Pick<OngoingCallOptions["run"], "id" | "pipeline">;
  readonly call: Pick<OngoingCallOptions["call"], "number" | "name" | "args">;
}

/** What a restart needs to know of a step that is tried more than once, beside its row. */
interface Progress {
  /** Where its present attempt's output begins. */
  readonly base: StreamOffsets;
  /** When its present attempt began; null where the step did. */
  readonly attemptAt: number | null;
  /** Attempts whose end nobody has seen: they have not failed. */
  readonly interrupted: number;
}

const firstAttempt: Progress = { base: { stdout: 0, stderr: 0 }, attemptAt: null, interrupted: 0 };

export class StepCall implements OngoingCall {
  readonly #options: StepCallOptions;
  readonly #args: StepArguments;
  #step: Step;
  #progress = firstAttempt;
  #attempt: StepAttempt | null = null;
  /** Ends what is waited for: a slot, or the time of the next attempt. */
  #giveUpWaiting: (() => void) | null = null;
  #cancelled = false;
  #ended = false;

  constructor(options: StepCallOptions) {
    this.#options = options;
    this.#args = options.call.args as unknown as StepArguments;
    const kind = this.#args.container === undefined ? "process" : "container";
    const { number, name } = options.call;
    const job = this.#args.job ?? null;
    this.#step = newStep(formatStepId({ runId: options.run.id, number }), name, kind, job);
  }

  get wait(): Wait | null {
    return this.#step.status === "waiting" && !this.#cancelled ? { until: this.#step.until } : null;
  }

  /** The row that is recorded with the call itself. A step that need not wait is `running` from the start. */
  open(): readonly Write[] {
    if (this.#options.parts.stepSlots.tryTake()) this.#markRunning();
    return [this.#put()];
  }

  /** Does the step; called once the call is durable. */
  start(): void {
    if (this.#cancelled) return;
    if (this.#step.status === "running") this.#execute(null);
    else this.#waitForSlot();
  }

  resume({ kept, delivered }: KeptCall): void {
    if (kept !== null) {
      this.#step = kept.step;
      this.#progress = (kept.progress as unknown as Progress | null) ?? firstAttempt;
    } else {
      // Taken over from another run, which did not see its end: the script has had so much of its output.
      this.#progress = { ...firstAttempt, base: delivered };
    }
    if (this.#step.status === "waiting") this.#restUntilNext();
    else if (this.#step.status === "running") {
      this.#options.parts.stepSlots.takeOver(this.#step.id);
      this.#execute(delivered);
    } else this.#waitForSlot();
  }

  /** Ends the step; its end is reported as always. */
  cancel(): void {
    if (this.#cancelled || this.#ended) return;
    this.#cancelled = true;
    if (this.#attempt !== null) {
      this.#attempt.cancel();
      return;
    }
    this.#giveUpWaiting?.();
    if (this.#step.status === "running") this.#options.parts.stepSlots.release();
    this.#end({ ...cancelledBefore, reason: this.#step.message });
  }

  /** The row of a step whose end can no longer be recorded with its result. */
  lost(): readonly Write[] {
    const finishedAt = this.#step.finishedAt ?? this.#options.parts.clock.now();
    this.#step = { ...this.#step, status: "failed", finishedAt, until: null };
    return [this.#put()];
  }

  /** Lets go of a running step without ending it: the server stops, the step lives on. */
  abandon(): void {
    if (this.#attempt !== null) return;
    this.#cancelled = true;
    this.#giveUpWaiting?.();
    if (this.#step.status === "running") this.#options.parts.stepSlots.release();
  }

  #waitForSlot(): void {
    const giveUp = this.#options.parts.stepSlots.wait(() => {
      this.#giveUpWaiting = null;
      this.#begin();
    });
    this.#giveUpWaiting = () => void giveUp();
    if (this.#step.status === "running") this.#giveUpWaiting = null;
  }

  /** Begins an attempt, which has its slot: noted before it is made. */
  #begin(): void {
    this.#markRunning();
    this.#options.record([this.#put()], () => {
      if (!this.#cancelled) this.#execute(null);
    });
  }

  /** `delivered` is set where an earlier life has begun this attempt. */
  #execute(delivered: StreamOffsets | null): void {
    const { parts, record, output } = this.#options;
    const { base, attemptAt } = this.#progress;
    const attempt = new StepAttempt({
      parts,
      args: this.#args,
      spec: async (use) => await this.#spec(use),
      step: this.#step,
      startedAt: attemptAt ?? this.#step.startedAt ?? parts.clock.now(),
      base,
      record,
      output,
    });
    this.#attempt = attempt;
    const end = delivered === null ? attempt.start() : attempt.takeUp(delivered);
    void end.then((ended) => this.#attemptEnded(attempt, ended));
  }

  async #spec(use: "start" | "take up"): Promise<StepSpec> {
    const { run, bundle, parts } = this.#options;
    const ids = { stepId: this.#step.id, runId: run.id, pipeline: run.pipeline };
    const resolving = resolveStepTexts(this.#args, { secrets: parts.secrets, pipeline: run.pipeline, bundle });
    // What runs already has its secrets; those that are to be had still are looked up to be masked in its output.
    const texts = use === "start" ? await resolving : await resolving.catch(() => shownTexts(this.#args));
    return stepSpec(this.#args, ids, texts);
  }

  #attemptEnded(attempt: StepAttempt, end: AttemptEnd): void {
    this.#attempt = null;
    if (end.interrupted === true && !this.#cancelled && this.#args.onInterrupt !== "fail") {
      this.#runAgain(attempt);
      return;
    }
    this.#options.parts.stepSlots.release();
    const planned = this.#planNext(end);
    if (planned !== null) this.#retry(planned, attempt, end);
    else this.#end(end.interrupted === true && this.#cancelled ? { ...end, status: "cancelled" } : end);
  }

  /** A step that ended without anybody seeing it: by a reboot, or with the service that the server is. */
  #runAgain(attempt: StepAttempt): void {
    attempt.note("was interrupted by the end of the server or of the machine; it is run again", "warn");
    const { interrupted, ...rest } = this.#progress;
    this.#progress = { ...rest, base: attempt.ends, interrupted: interrupted + 1 };
    this.#begin();
  }

  /** Null where the attempt was the last. */
  #planNext({ codes, reason }: AttemptEnd): PlannedTry | null {
    if (reason === null || this.#cancelled) return null;
    const failures = this.#step.attempts - this.#progress.interrupted;
    return planRetry(this.#args, this.#step.id, failures, { codes, mayPass: true, reason });
  }

  #retry({ delayMs, note }: PlannedTry, attempt: StepAttempt, { code, writes, reason }: AttemptEnd): void {
    const { parts, record } = this.#options;
    attempt.note(note, "warn");
    this.#progress = { ...this.#progress, base: attempt.ends };
    const failedAt = parts.clock.now();
    this.#step = { ...this.#step, status: "waiting", code, until: failedAt + delayMs, message: reason };
    record([...writes, { ...this.#put(), failedAt }], () => this.#restUntilNext());
  }

  /** Nothing of the attempt that failed may be there still when the next one begins, or it would be taken for that. */
  #restUntilNext(): void {
    const { parts, onWait } = this.#options;
    const wait = (): void => {
      if (this.#cancelled) return;
      this.#waitForNext();
      onWait();
    };
    void parts.executor.discard(this.#step.id).then(wait, wait);
  }

  #waitForNext(): void {
    const { clock, stepSlots } = this.#options.parts;
    this.#giveUpWaiting = clock.after((this.#step.until ?? 0) - clock.now(), () => {
      this.#giveUpWaiting = null;
      if (stepSlots.tryTake()) {
        this.#begin();
        return;
      }
      this.#step = { ...this.#step, status: "queued", until: null };
      this.#options.record([this.#put()]);
      this.#waitForSlot();
    });
  }

  #markRunning(): void {
    const { attempts, startedAt } = this.#step;
    const now = this.#options.parts.clock.now();
    if (attempts > 0) this.#progress = { ...this.#progress, attemptAt: now };
    this.#step = {
      ...this.#step,
      status: "running",
      attempts: attempts + 1,
      startedAt: startedAt ?? now,
      code: null,
      until: null,
      message: null,
    };
  }

  #end({ status, code, outcome, writes, reason }: Omit<AttemptEnd, "codes">): void {
    const { parts, onEnd } = this.#options;
    this.#ended = true;
    this.#step = { ...this.#step, status, code, finishedAt: parts.clock.now(), until: null, message: reason };
    onEnd(outcome, [...writes, this.#put()], () => {
      void parts.executor.discard(this.#step.id);
    });
  }

  #put(): StepWrite {
    const put = { type: "step.put", runId: this.#options.run.id, step: this.#step } as const;
    return this.#progress === firstAttempt ? put : { ...put, progress: this.#progress as unknown as JsonValue };
  }
}

const cancelledError: CallError = { code: "RUN_CANCELLED", message: "the step was cancelled while it waited" };
const cancelledBefore = {
  status: "cancelled",
  code: null,
  outcome: { ok: false, error: cancelledError },
  writes: [],
} as const;
