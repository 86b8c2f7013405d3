// One `runtime.run` of a script: waits for a slot, is tried as often as it may be, and reports how it ended.

import type { JsonValue } from "../core/json.ts";
import { isWorthRetry, retryDelayMs, type RetryPolicy } from "../core/retry.ts";
import { newStep, type Step } from "../core/run.ts";
import type { CallError, Write } from "../store/store.ts";
import type { KeptCall, OngoingCall, OngoingCallOptions, Wait } from "./ongoing-call.ts";
import { type StepArguments, retryOf, stepSpec } from "./step-arguments.ts";
import { type AttemptEnd, StepAttempt } from "./step-attempt.ts";
import type { StreamOffsets } from "./step-output.ts";
import { spread } from "./spread.ts";

/** The parts of {@link OngoingCallOptions} that a step needs. */
export interface StepCallOptions extends Omit<OngoingCallOptions, "parts" | "run" | "call" | "startedAt"> {
  readonly parts: Pick<OngoingCallOptions["parts"], "executor" | "stepSlots" | "clock" | "store">;
  readonly run: Pick<OngoingCallOptions["run"], "id" | "pipeline">;
  readonly call: Pick<OngoingCallOptions["call"], "number" | "name" | "args">;
}

/** What a restart needs to know of a step, beside its row: where its present attempt's output begins. */
interface Progress {
  readonly base: StreamOffsets;
}

const nowhere: StreamOffsets = { stdout: 0, stderr: 0 };

export class StepCall implements OngoingCall {
  readonly #options: StepCallOptions;
  readonly #args: StepArguments;
  #step: Step;
  #base = nowhere;
  #attempt: StepAttempt | null = null;
  /** Ends what is waited for: a slot, or the time of the next attempt. */
  #giveUpWaiting: (() => void) | null = null;
  #cancelled = false;
  #ended = false;

  constructor(options: StepCallOptions) {
    this.#options = options;
    this.#args = options.call.args as unknown as StepArguments;
    const kind = this.#args.container === undefined ? "process" : "container";
    this.#step = newStep(`${options.run.id}.${options.call.number}`, options.call.name, kind);
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
      this.#base = (kept.progress as Progress | null)?.base ?? nowhere;
    }
    if (this.#step.status === "waiting") this.#waitForNext();
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
    this.#end({ status: "cancelled", code: null, outcome: { ok: false, error: cancelledError }, writes: [] });
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
    const { parts, run, record, output } = this.#options;
    const attempt = new StepAttempt({
      parts,
      args: this.#args,
      spec: () => stepSpec(this.#args, { stepId: this.#step.id, runId: run.id, pipeline: run.pipeline }),
      step: this.#step,
      base: this.#base,
      record,
      output,
    });
    this.#attempt = attempt;
    const end = delivered === null ? attempt.start() : attempt.takeUp(delivered);
    void end.then((ended) => this.#attemptEnded(attempt, ended));
  }

  #attemptEnded(attempt: StepAttempt, end: AttemptEnd): void {
    this.#attempt = null;
    if (end.interrupted === true && !this.#cancelled) {
      this.#runAgain(attempt, end);
      return;
    }
    this.#options.parts.stepSlots.release();
    const delayMs = this.#cancelled ? null : this.#retryDelay(end);
    if (delayMs === null) this.#end(end);
    else this.#retryIn(delayMs, attempt, end);
  }

  /** A step that ended without anybody seeing it: by a reboot, or with the service that the server is. */
  #runAgain(attempt: StepAttempt, end: AttemptEnd): void {
    if (this.#args.onInterrupt === "fail") {
      this.#options.parts.stepSlots.release();
      this.#end(end);
      return;
    }
    attempt.note("was interrupted by the end of the server or of the machine; it is run again", "warn");
    this.#base = attempt.ends;
    this.#begin();
  }

  /** Null where the attempt was the last. */
  #retryDelay({ status, retryCode }: AttemptEnd): number | null {
    if (status === "succeeded") return null;
    const policy = this.#policy();
    if (policy === null || this.#step.attempts >= policy.attempts || !isWorthRetry(policy, retryCode ?? ""))
      return null;
    return retryDelayMs(policy, this.#step.attempts, spread(`${this.#step.id}#${this.#step.attempts}`));
  }

  #policy(): RetryPolicy | null {
    try {
      return retryOf(this.#args);
    } catch {
      // Told already: the first attempt was refused for it.
      return null;
    }
  }

  #retryIn(delayMs: number, attempt: StepAttempt, end: AttemptEnd): void {
    const { parts, record } = this.#options;
    const message = describeFailure(end);
    const of = `attempt ${this.#step.attempts} of ${this.#policy()?.attempts}`;
    attempt.note(`${of} failed: ${message}; the next one begins in ${Math.round(delayMs / 100) / 10} s`, "warn");
    this.#base = attempt.ends;
    const until = parts.clock.now() + delayMs;
    this.#step = { ...this.#step, status: "waiting", code: end.code, until, message };
    record([...end.writes, this.#put()], () => {
      void parts.executor.discard(this.#step.id).then(() => this.#waitForNext());
    });
  }

  #waitForNext(): void {
    if (this.#cancelled) return;
    const { clock } = this.#options.parts;
    const stop = clock.after((this.#step.until ?? 0) - clock.now(), () => {
      this.#giveUpWaiting = null;
      this.#step = { ...this.#step, status: "queued", until: null };
      this.#waitForSlot();
    });
    this.#giveUpWaiting = stop;
  }

  #markRunning(): void {
    const { clock } = this.#options.parts;
    const { attempts, startedAt } = this.#step;
    this.#step = {
      ...this.#step,
      status: "running",
      attempts: attempts + 1,
      startedAt: startedAt ?? clock.now(),
      code: null,
      until: null,
      message: null,
    };
  }

  #end({ status, code, outcome, writes }: AttemptEnd): void {
    const { parts, onEnd } = this.#options;
    this.#ended = true;
    this.#step = { ...this.#step, status, code, finishedAt: parts.clock.now(), until: null };
    onEnd(outcome, [...writes, this.#put()], () => {
      void parts.executor.discard(this.#step.id);
    });
  }

  #put(): Write {
    const put = { type: "step.put", runId: this.#options.run.id, step: this.#step } as const;
    const progress: Progress = { base: this.#base };
    return this.#base === nowhere ? put : { ...put, progress: progress as unknown as JsonValue };
  }
}

const cancelledError: CallError = { code: "RUN_CANCELLED", message: "the step was cancelled before it started" };

function describeFailure({ outcome, code, message }: AttemptEnd): string {
  return outcome.ok ? (message ?? `exit code ${code}`) : outcome.error.message;
}
