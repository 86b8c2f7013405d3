// One `runtime.run` of a script: waits for a slot, starts the process, passes its output on, and reports how it ended.

import { toAppError } from "../core/app-error.ts";
import { parseDuration } from "../core/duration.ts";
import type { JsonValue } from "../core/json.ts";
import type { Step, StepStatus } from "../core/run.ts";
import type { ProcessSpec, RunningStep, StepOutcome } from "../executors/executors.ts";
import type { CallError, CallOutcome, Write } from "../store/store.ts";
import type { RunParts } from "./run-parts.ts";
import { StepOutputSink, type StepOutputOptions } from "./step-output.ts";

/** Arguments of the host call, as the guest makes them. */
interface StepArguments {
  readonly command: ProcessSpec["command"];
  readonly env: Readonly<Record<string, string>>;
  readonly workDir?: string;
  readonly stdin?: string;
  readonly timeout?: JsonValue;
  readonly output: boolean;
}

export interface StepCallOptions {
  readonly parts: Pick<RunParts, "executor" | "stepSlots" | "clock">;
  readonly runId: string;
  readonly pipeline: string;
  readonly number: number;
  readonly name: string;
  readonly args: JsonValue;
  readonly record: (writes: readonly Write[], effect?: () => void, dropped?: () => void) => void;
  readonly output: Pick<StepOutputOptions, "log" | "deliver">;
  /** Called once, with what is to be recorded together with the call's result. */
  readonly onEnd: (outcome: CallOutcome, writes: readonly Write[], discard: () => void) => void;
}

export class StepCall {
  readonly #options: StepCallOptions;
  readonly #args: StepArguments;
  #step: Step;
  #running: RunningStep | null = null;
  #giveUpWaiting: (() => boolean) | null = null;
  #executing = false;
  #cancelled = false;

  constructor(options: StepCallOptions) {
    this.#options = options;
    this.#args = options.args as unknown as StepArguments;
    this.#step = {
      id: `${options.runId}.${options.number}`,
      name: options.name,
      kind: "process",
      status: "queued",
      code: null,
      attempts: 0,
      startedAt: null,
      finishedAt: null,
    };
  }

  /** The row that is recorded with the call itself. A step that need not wait is `running` from the start. */
  open(): Write {
    if (this.#options.parts.stepSlots.tryTake()) this.#markRunning();
    return this.#put();
  }

  /** Does the step; called once the call is durable. */
  start(): void {
    if (this.#cancelled) return;
    if (this.#step.status === "running") {
      void this.#execute();
      return;
    }
    this.#giveUpWaiting = this.#options.parts.stepSlots.wait(() => {
      this.#giveUpWaiting = null;
      this.#markRunning();
      this.#options.record([this.#put()]);
      void this.#execute();
    });
  }

  /** Ends the step; its end is reported as always. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    if (this.#running !== null) this.#running.cancel();
    if (this.#executing) return;
    this.#giveUpWaiting?.();
    if (this.#step.status === "running") this.#options.parts.stepSlots.release();
    this.#end("cancelled", null, { ok: false, error: cancelledError });
  }

  /** The row of a step whose end can no longer be recorded with its result. */
  lost(): Write {
    const finishedAt = this.#step.finishedAt ?? this.#options.parts.clock.now();
    return { type: "step.put", runId: this.#options.runId, step: { ...this.#step, status: "failed", finishedAt } };
  }

  /** Lets go of a running step without ending it: the server stops, the step lives on. */
  abandon(): void {
    if (this.#executing) return;
    this.#cancelled = true;
    this.#giveUpWaiting?.();
    if (this.#step.status === "running") this.#options.parts.stepSlots.release();
  }

  async #execute(): Promise<void> {
    this.#executing = true;
    const { parts, pipeline } = this.#options;
    try {
      const sink = this.#openSink();
      const spec = this.#spec(pipeline);
      this.#running = await parts.executor.start(spec, (piece) => sink.take(piece));
      if (this.#cancelled) this.#running.cancel();
      const outcome = await this.#running.outcome;
      await sink.finish();
      this.#end(statusOf(outcome), outcome.code, { ok: true, value: resultOf(outcome, sink) });
    } catch (thrown) {
      this.#end("failed", null, { ok: false, error: this.#failure(thrown) });
    } finally {
      parts.stepSlots.release();
    }
  }

  #failure(thrown: unknown): CallError {
    const { code, message, hint } = toAppError(thrown);
    const text = `step ${JSON.stringify(this.#step.name)}: ${message}`;
    return { code, message: text, ...(hint === undefined ? {} : { hint }) };
  }

  #openSink(): StepOutputSink {
    const { parts, runId, record, output } = this.#options;
    const { id, name } = this.#step;
    return new StepOutputSink({
      runId,
      stepId: id,
      stepName: name,
      log: output.log,
      now: () => parts.clock.now(),
      record,
      deliver: this.#args.output ? output.deliver : undefined,
    });
  }

  #spec(pipeline: string): ProcessSpec {
    const { command, env, workDir, stdin, timeout } = this.#args;
    return {
      stepId: this.#step.id,
      runId: this.#options.runId,
      pipeline,
      command,
      env,
      ...(workDir === undefined ? {} : { workDir }),
      ...(stdin === undefined ? {} : { stdin }),
      ...(timeout === undefined || timeout === null ? {} : { timeoutMs: parseDuration(timeout) }),
    };
  }

  #markRunning(): void {
    const startedAt = this.#options.parts.clock.now();
    this.#step = { ...this.#step, status: "running", attempts: 1, startedAt };
  }

  #end(status: StepStatus, code: number | null, outcome: CallOutcome): void {
    const { parts, onEnd } = this.#options;
    this.#step = { ...this.#step, status, code, finishedAt: parts.clock.now() };
    onEnd(outcome, [this.#put()], () => {
      void parts.executor.discard(this.#step.id);
    });
  }

  #put(): Write {
    return { type: "step.put", runId: this.#options.runId, step: this.#step };
  }
}

const cancelledError = { code: "RUN_CANCELLED", message: "the step was cancelled before it started" } as const;

function statusOf({ end, code }: StepOutcome): StepStatus {
  if (end === "cancelled" || end === "timed_out") return end;
  return end === "exited" && code === 0 ? "succeeded" : "failed";
}

/** What `runtime.run` resolves with. */
function resultOf({ end, code, message }: StepOutcome, sink: StepOutputSink): JsonValue {
  return {
    code,
    stdout: sink.resultText("stdout"),
    stderr: sink.resultText("stderr"),
    status: end === "exited" || end === "signalled" ? "complete" : "abort",
    ...(message === null ? {} : { message }),
  };
}
