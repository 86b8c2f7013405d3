// One `runtime.run` of a script: waits for a slot, starts the process, passes its output on, and reports how it ended.

import { toAppError } from "../core/app-error.ts";
import { parseDuration } from "../core/duration.ts";
import type { JsonValue } from "../core/json.ts";
import type { Step, StepStatus } from "../core/run.ts";
import type { ProcessSpec, RunningStep, StepOutcome } from "../executors/executors.ts";
import type { CallError, CallOutcome, Write } from "../store/store.ts";
import type { OngoingCall, OngoingCallOptions } from "./ongoing-call.ts";
import { StepOutputSink } from "./step-output.ts";

/** Arguments of the host call, as the guest makes them. */
interface StepArguments {
  readonly command: ProcessSpec["command"];
  readonly env: Readonly<Record<string, string>>;
  readonly workDir?: string;
  readonly stdin?: string;
  readonly timeout?: JsonValue;
  readonly output: boolean;
}

/** The parts of {@link OngoingCallOptions} that a step needs. */
export interface StepCallOptions extends Omit<OngoingCallOptions, "parts" | "run" | "call"> {
  readonly parts: Pick<OngoingCallOptions["parts"], "executor" | "stepSlots" | "clock">;
  readonly run: Pick<OngoingCallOptions["run"], "id" | "pipeline">;
  readonly call: Pick<OngoingCallOptions["call"], "number" | "name" | "args">;
}

export class StepCall implements OngoingCall {
  readonly #options: StepCallOptions;
  readonly #args: StepArguments;
  #step: Step;
  #running: RunningStep | null = null;
  #giveUpWaiting: (() => boolean) | null = null;
  #executing = false;
  #cancelled = false;

  constructor(options: StepCallOptions) {
    this.#options = options;
    this.#args = options.call.args as unknown as StepArguments;
    this.#step = {
      id: `${options.run.id}.${options.call.number}`,
      name: options.call.name,
      kind: "process",
      status: "queued",
      code: null,
      attempts: 0,
      startedAt: null,
      finishedAt: null,
    };
  }

  /** The row that is recorded with the call itself. A step that need not wait is `running` from the start. */
  open(): readonly Write[] {
    if (this.#options.parts.stepSlots.tryTake()) this.#markRunning();
    return [this.#put()];
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
  lost(): readonly Write[] {
    const finishedAt = this.#step.finishedAt ?? this.#options.parts.clock.now();
    return [{ type: "step.put", runId: this.#options.run.id, step: { ...this.#step, status: "failed", finishedAt } }];
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
    const { parts } = this.#options;
    try {
      const sink = this.#openSink();
      const spec = this.#spec();
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
    const { parts, run, record, output } = this.#options;
    const { id, name } = this.#step;
    return new StepOutputSink({
      runId: run.id,
      stepId: id,
      stepName: name,
      log: output.log,
      now: () => parts.clock.now(),
      record,
      deliver: this.#args.output ? output.deliver : undefined,
    });
  }

  #spec(): ProcessSpec {
    const { command, env, workDir, stdin, timeout } = this.#args;
    const { run } = this.#options;
    return {
      stepId: this.#step.id,
      runId: run.id,
      pipeline: run.pipeline,
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
    return { type: "step.put", runId: this.#options.run.id, step: this.#step };
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
