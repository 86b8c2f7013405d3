// A host call that is one piece of asynchronous work of this process: a fetch, a volume, an artifact.

import { toAppError } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";
import { newStep, type Step, type StepKind } from "../core/run.ts";
import type { CallOutcome, NewRun, Write } from "../store/store.ts";
import type { OngoingCall, OngoingCallOptions } from "./ongoing-call.ts";
import type { RunParts } from "./run-parts.ts";

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
  /** Called once the result is durable; `handed` resolves when the script has dealt with it, or is gone. */
  readonly after?: (handed: Promise<void>) => void;
}

/** @throws {AppError} what the script's promise rejects with. */
export type Work = (args: JsonValue, context: WorkContext) => Promise<WorkResult>;

export class WorkCall implements OngoingCall {
  readonly #options: OngoingCallOptions;
  readonly #work: Work;
  readonly #over = new AbortController();
  /** Null where the work is no step of the run. */
  #step: Step | null;
  #started = false;
  #ended = false;
  #abandoned = false;

  constructor(options: OngoingCallOptions, work: Work, stepKind: StepKind | null) {
    this.#options = options;
    this.#work = work;
    const { run, call, parts } = options;
    this.#step =
      stepKind === null
        ? null
        : {
            ...newStep(`${run.id}.${call.number}`, call.name, stepKind),
            status: "running",
            attempts: 1,
            startedAt: parts.clock.now(),
          };
  }

  open(): readonly Write[] {
    return this.#put();
  }

  start(): void {
    if (this.#ended || this.#abandoned) return;
    this.#started = true;
    void this.#do();
  }

  cancel(): void {
    this.#over.abort();
    if (!this.#started) this.#end({ ok: false, error: cancelledError }, "cancelled");
  }

  abandon(): void {
    this.#abandoned = true;
    this.#over.abort();
  }

  lost(): readonly Write[] {
    return this.#finish("failed", null);
  }

  async #do(): Promise<void> {
    const { parts, run, call } = this.#options;
    const { signal } = this.#over;
    try {
      const result = await this.#work(call.args, { parts, run, number: call.number, signal });
      const { value, writes = [], code = null, after } = result;
      this.#end({ ok: true, value }, "succeeded", code, writes, after);
    } catch (thrown) {
      const { code, message, hint } = toAppError(thrown);
      const error = { code, message, ...(hint === undefined ? {} : { hint }) };
      const status = code === "FETCH_TIMEOUT" ? "timed_out" : "failed";
      this.#end({ ok: false, error }, signal.aborted ? "cancelled" : status);
    }
  }

  #end(
    outcome: CallOutcome,
    status: "succeeded" | "failed" | "cancelled" | "timed_out",
    code: number | null = null,
    writes: readonly Write[] = [],
    after: (handed: Promise<void>) => void = () => {},
  ): void {
    if (this.#ended || this.#abandoned) return;
    this.#ended = true;
    this.#options.onEnd(outcome, [...writes, ...this.#finish(status, code)], after);
  }

  #finish(status: Step["status"], code: number | null): readonly Write[] {
    if (this.#step === null) return [];
    this.#step = { ...this.#step, status, code, finishedAt: this.#options.parts.clock.now() };
    return this.#put();
  }

  #put(): readonly Write[] {
    return this.#step === null ? [] : [{ type: "step.put", runId: this.#options.run.id, step: this.#step }];
  }
}

const cancelledError = { code: "RUN_CANCELLED", message: "the run ended before this began" } as const;
