// A host call that is one piece of asynchronous work of this process: a fetch, a volume, an artifact.

import { AppError, toAppError } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";
import { newStep, type Step, type StepKind, type StepStatus } from "../core/run.ts";
import { jobOf } from "./job-of.ts";
import { formatStepId } from "../core/step-id.ts";
import type { Bundle, CallError, CallOutcome, NewRun, StepWrite, Write } from "../store/store.ts";
import type { KeptCall, OngoingCall, OngoingCallOptions, Wait } from "./ongoing-call.ts";
import { type PlannedTry, planRetry, retryOf } from "./plan-retry.ts";
import type { RunParts } from "./run-parts.ts";

/** What the work is done with. */
export interface WorkContext {
  readonly parts: RunParts;
  readonly run: NewRun;
  readonly bundle: Pick<Bundle, "code">;
  /** Order of the call within its run. */
  readonly number: number;
  readonly name: string;
  /** Aborted when the run ends or the server stops. */
  readonly signal: AbortSignal;
}

export interface WorkResult {
  /** What the script's promise resolves with. */
  readonly value: JsonValue | undefined;
  /** Recorded together with the result. */
  readonly writes?: readonly Write[];
  /** Of the step, where the work is one. */
  readonly code?: number;
  /** How long whoever answered asks to be left alone. */
  readonly askedMs?: number | undefined;
  /** Called once the result is durable; `handed` resolves when the script has dealt with it, or is gone. */
  readonly after?: (handed: Promise<void>) => void;
}

/** @throws {AppError} what the script's promise rejects with. */
export type Work = (args: JsonValue, context: WorkContext) => Promise<WorkResult>;

export interface WorkKind {
  readonly work: Work;
  /** Absent: the work is no step of the run. */
  readonly step?: StepKind;
  /** False where doing it once more, after nobody knows what, might do harm. Absent: it never does. */
  readonly mayRepeat?: (args: JsonValue) => boolean;
  /** Whether a code tells of trouble that may pass: what is tried again where a script names no codes. */
  readonly mayPass?: (code: number | string) => boolean;
}

interface WorkEnd {
  readonly outcome: CallOutcome;
  readonly status: StepStatus;
  readonly code: number | null;
  readonly writes: readonly Write[];
  readonly after: (handed: Promise<void>) => void;
  /** What a retry policy goes by; null where it is not to be tried again. */
  readonly retryCode: number | string | null;
  /** What is to be said of it, for people. */
  readonly reason: string;
  readonly askedMs?: number | undefined;
}

interface RetryArguments {
  readonly retry?: JsonValue;
}

/** What a restart needs to know beside the row: tries whose end nobody has seen have not failed. */
interface Progress {
  readonly interrupted: number;
}

export class WorkCall implements OngoingCall {
  readonly #options: OngoingCallOptions;
  readonly #kind: WorkKind;
  readonly #over = new AbortController();
  /** Null where the work is no step of the run. */
  #step: Step | null;
  #interrupted = 0;
  #isWorking = false;
  #ended = false;
  #abandoned = false;
  #stopWaiting: (() => void) | null = null;

  constructor(options: OngoingCallOptions, kind: WorkKind) {
    this.#options = options;
    this.#kind = kind;
    const { run, call } = options;
    this.#step =
      kind.step === undefined
        ? null
        : newStep(formatStepId({ runId: run.id, number: call.number }), call.name, kind.step, jobOf(call.args));
  }

  get wait(): Wait | null {
    return this.#step?.status === "waiting" ? { until: this.#step.until } : null;
  }

  open(): readonly Write[] {
    this.#markRunning();
    return this.#put();
  }

  start(): void {
    if (!this.#ended && !this.#abandoned) void this.#do();
  }

  resume({ kept }: KeptCall): void {
    if (kept !== null) {
      this.#step = kept.step;
      this.#interrupted = (kept.progress as unknown as Progress | null)?.interrupted ?? 0;
    }
    if (this.#step?.status === "waiting") this.#waitForNext();
    else if (this.#kind.mayRepeat?.(this.#options.call.args) ?? true) {
      this.#interrupted++;
      this.#again();
    } else {
      const message = `${this.#options.call.name}: it was interrupted by the end of the server, and nobody knows whether it was done`;
      const hint = 'look whether it was, or allow that it is repeated with onInterrupt: "retry"';
      this.#end(this.#failed(new AppError("INTERRUPTED", message, { hint })));
    }
  }

  cancel(): void {
    this.#over.abort();
    this.#stopWaiting?.();
    if (!this.#isWorking)
      this.#end({ ...this.#failed(new AppError("RUN_CANCELLED", cancelledText)), status: "cancelled" });
  }

  abandon(): void {
    this.#abandoned = true;
    this.#over.abort();
    this.#stopWaiting?.();
  }

  lost(): readonly Write[] {
    return this.#finish("failed", null, null);
  }

  async #do(): Promise<void> {
    const { parts, run, bundle, call } = this.#options;
    const { signal } = this.#over;
    this.#isWorking = true;
    let end: WorkEnd;
    try {
      // Wrong options are told before anything is done.
      retryOf(call.args as RetryArguments);
      end = this.#done(
        await this.#kind.work(call.args, { parts, run, bundle, number: call.number, name: call.name, signal }),
      );
    } catch (thrown) {
      end = this.#failed(thrown);
    }
    this.#isWorking = false;
    const planned = signal.aborted ? null : this.#planNext(end);
    if (planned === null) this.#end(end);
    else this.#retry(planned, end);
  }

  #done({ value, writes = [], code: given, after = () => {}, askedMs }: WorkResult): WorkEnd {
    const outcome = { ok: true, value } as const;
    const code = given ?? null;
    return { outcome, status: "succeeded", code, writes, after, retryCode: code, reason: `HTTP ${code}`, askedMs };
  }

  #failed(thrown: unknown): WorkEnd {
    const { code, message, hint } = toAppError(thrown);
    const error: CallError = { code, message, ...(hint === undefined ? {} : { hint }) };
    const status = this.#over.signal.aborted ? "cancelled" : code === "FETCH_TIMEOUT" ? "timed_out" : "failed";
    const retryCode = code === "VALIDATION_FAILED" ? null : code;
    const outcome = { ok: false, error } as const;
    return { outcome, status, code: null, writes: [], after: () => {}, retryCode, reason: message };
  }

  /** Null where there is no further try. */
  #planNext({ retryCode, reason, askedMs }: WorkEnd): PlannedTry | null {
    if (this.#step === null || retryCode === null) return null;
    const mayPass = this.#kind.mayPass?.(retryCode) ?? true;
    const failed = { codes: [retryCode], mayPass, reason, askedMs };
    const failures = this.#step.attempts - this.#interrupted;
    return planRetry(this.#options.call.args as RetryArguments, this.#step.id, failures, failed);
  }

  #retry({ delayMs, note }: PlannedTry, { code, after, reason }: WorkEnd): void {
    const { parts, record, output, run, call, onWait } = this.#options;
    if (this.#step === null || this.#abandoned) return;
    const now = parts.clock.now();
    this.#step = { ...this.#step, status: "waiting", code, until: now + delayMs, message: reason };
    const text = `step ${JSON.stringify(call.name)}: ${note}`;
    const afterCall = call.number;
    const line = output.log.append(run.id, { at: now, source: "system", level: "warn", text, afterCall });
    record([line.write, ...this.#put().map((put) => ({ ...put, failedAt: now }))], () => {
      line.show();
      after(Promise.resolve());
      this.#waitForNext();
      onWait();
    });
  }

  #waitForNext(): void {
    if (this.#ended || this.#abandoned || this.#over.signal.aborted) return;
    const { clock } = this.#options.parts;
    this.#stopWaiting = clock.after((this.#step?.until ?? 0) - clock.now(), () => this.#again());
  }

  /** One more try, noted before it is made. */
  #again(): void {
    this.#stopWaiting = null;
    this.#markRunning();
    this.#options.record(this.#put(), () => this.start());
  }

  #markRunning(): void {
    if (this.#step === null) return;
    const { attempts, startedAt } = this.#step;
    const at = startedAt ?? this.#options.parts.clock.now();
    this.#step = {
      ...this.#step,
      status: "running",
      attempts: attempts + 1,
      startedAt: at,
      code: null,
      until: null,
      message: null,
    };
  }

  #end({ outcome, status, code, writes, after, reason }: WorkEnd): void {
    if (this.#ended || this.#abandoned) return;
    this.#ended = true;
    const message = outcome.ok ? null : reason;
    this.#options.onEnd(outcome, [...writes, ...this.#finish(status, code, message)], after);
  }

  #finish(status: Step["status"], code: number | null, message: string | null): readonly Write[] {
    if (this.#step === null) return [];
    this.#step = { ...this.#step, status, code, finishedAt: this.#options.parts.clock.now(), until: null, message };
    return this.#put();
  }

  #put(): readonly StepWrite[] {
    if (this.#step === null) return [];
    const put = { type: "step.put", runId: this.#options.run.id, step: this.#step } as const;
    const progress: Progress = { interrupted: this.#interrupted };
    return [this.#interrupted === 0 ? put : { ...put, progress: progress as unknown as JsonValue }];
  }
}

const cancelledText = "the run ended before this began";
