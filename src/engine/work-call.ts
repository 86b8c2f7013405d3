// A host call that is one piece of asynchronous work of this process: a fetch, a volume, an artifact.

import { AppError, toAppError } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";
import { isWorthRetry, retryDelayMs, type RetryPolicy } from "../core/retry.ts";
import { newStep, type Step, type StepKind, type StepStatus } from "../core/run.ts";
import type { CallError, CallOutcome, NewRun, Write } from "../store/store.ts";
import type { KeptCall, OngoingCall, OngoingCallOptions, Wait } from "./ongoing-call.ts";
import type { RunParts } from "./run-parts.ts";
import { spread } from "./spread.ts";
import { retryOf } from "./step-arguments.ts";

/** What the work is done with. */
export interface WorkContext {
  readonly parts: RunParts;
  readonly run: NewRun;
  /** Order of the call within its run. */
  readonly number: number;
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
  /** It was done, and yet is worth another try where the script asks for that. */
  readonly failed?: true;
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
}

interface WorkEnd {
  readonly outcome: CallOutcome;
  readonly status: StepStatus;
  readonly code: number | null;
  readonly writes: readonly Write[];
  readonly after: (handed: Promise<void>) => void;
  /** What a retry policy goes by; null where it is not to be tried again. */
  readonly retryCode: number | string | null;
}

export class WorkCall implements OngoingCall {
  readonly #options: OngoingCallOptions;
  readonly #kind: WorkKind;
  readonly #over = new AbortController();
  /** Null where the work is no step of the run. */
  #step: Step | null;
  #isWorking = false;
  #ended = false;
  #abandoned = false;
  #stopWaiting: (() => void) | null = null;

  constructor(options: OngoingCallOptions, kind: WorkKind) {
    this.#options = options;
    this.#kind = kind;
    const { run, call } = options;
    this.#step = kind.step === undefined ? null : newStep(`${run.id}.${call.number}`, call.name, kind.step);
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
    if (kept !== null) this.#step = kept.step;
    if (this.#step?.status === "waiting") this.#waitForNext();
    else if (this.#kind.mayRepeat?.(this.#options.call.args) ?? true) this.#again();
    else {
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
    return this.#finish("failed", null);
  }

  async #do(): Promise<void> {
    const { parts, run, call } = this.#options;
    const { signal } = this.#over;
    this.#isWorking = true;
    let end: WorkEnd;
    try {
      const policy = retryOf(call.args as { readonly retry?: JsonValue });
      const result = await this.#kind.work(call.args, { parts, run, number: call.number, signal });
      const { value, writes = [], code = null, after = () => {}, failed } = result;
      const retryCode = failed === true ? code : policy?.on?.includes(code ?? "") === true ? code : null;
      end = { outcome: { ok: true, value }, status: "succeeded", code, writes, after, retryCode };
    } catch (thrown) {
      end = this.#failed(thrown);
    }
    this.#isWorking = false;
    const delayMs = signal.aborted ? null : this.#retryDelay(end.retryCode);
    if (delayMs === null) this.#end(end);
    else this.#retryIn(delayMs, end);
  }

  #failed(thrown: unknown): WorkEnd {
    const { code, message, hint } = toAppError(thrown);
    const error: CallError = { code, message, ...(hint === undefined ? {} : { hint }) };
    const status = this.#over.signal.aborted ? "cancelled" : code === "FETCH_TIMEOUT" ? "timed_out" : "failed";
    const retryCode = code === "VALIDATION_FAILED" ? null : code;
    return { outcome: { ok: false, error }, status, code: null, writes: [], after: () => {}, retryCode };
  }

  /** Null where there is no further try. */
  #retryDelay(retryCode: number | string | null): number | null {
    const policy = this.#policy();
    const attempt = this.#step?.attempts ?? 1;
    if (policy === null || retryCode === null || attempt >= policy.attempts || !isWorthRetry(policy, retryCode))
      return null;
    return retryDelayMs(policy, attempt, spread(`${this.#step?.id}#${attempt}`));
  }

  #policy(): RetryPolicy | null {
    try {
      return this.#step === null ? null : retryOf(this.#options.call.args as { readonly retry?: JsonValue });
    } catch {
      // Told already: the first try was refused for it.
      return null;
    }
  }

  #retryIn(delayMs: number, { outcome, code, after }: WorkEnd): void {
    const { parts, record } = this.#options;
    if (this.#step === null || this.#abandoned) return;
    const message = outcome.ok ? `HTTP ${code}` : outcome.error.message;
    this.#step = { ...this.#step, status: "waiting", code, until: parts.clock.now() + delayMs, message };
    record(this.#put(), () => {
      after(Promise.resolve());
      this.#waitForNext();
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
      until: null,
      message: null,
    };
  }

  #end({ outcome, status, code, writes, after }: WorkEnd): void {
    if (this.#ended || this.#abandoned) return;
    this.#ended = true;
    this.#options.onEnd(outcome, [...writes, ...this.#finish(status, code)], after);
  }

  #finish(status: Step["status"], code: number | null): readonly Write[] {
    if (this.#step === null) return [];
    this.#step = { ...this.#step, status, code, finishedAt: this.#options.parts.clock.now(), until: null };
    return this.#put();
  }

  #put(): readonly Write[] {
    return this.#step === null ? [] : [{ type: "step.put", runId: this.#options.run.id, step: this.#step }];
  }
}

const cancelledText = "the run ended before this began";
