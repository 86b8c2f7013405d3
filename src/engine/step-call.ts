// One `runtime.run` of a script: waits for a slot, starts the step, passes its output on, and reports how it ended.

import { AppError, toAppError } from "../core/app-error.ts";
import { parseByteSize } from "../core/byte-size.ts";
import { parseDuration } from "../core/duration.ts";
import type { JsonValue } from "../core/json.ts";
import { newStep, type Step, type StepStatus } from "../core/run.ts";
import { containerName } from "../executors/executors.ts";
import type { ContainerPlace, Mount, RunningStep, StepOutcome, StepOutput, StepSpec } from "../executors/executors.ts";
import type { CallError, CallOutcome, Write } from "../store/store.ts";
import type { OngoingCall, OngoingCallOptions } from "./ongoing-call.ts";
import { startWhenRoom } from "./start-when-room.ts";
import { StepOutputSink } from "./step-output.ts";

/** Arguments of the host call, as the guest makes them. */
interface StepArguments {
  readonly command: StepSpec["command"];
  readonly env: Readonly<Record<string, string>>;
  readonly workDir?: string;
  readonly mounts?: readonly Mount[];
  /** Where it runs; absent: as a process. */
  readonly container?: ContainerArguments;
  readonly stdin?: string;
  readonly timeout?: JsonValue;
  readonly output: boolean;
}

type ContainerArguments =
  | {
      readonly type: "own" | "open";
      readonly image: string;
      readonly pull: "always" | "missing" | "never";
      readonly privileged: boolean;
      readonly cpu?: number;
      readonly memory?: number | string;
      readonly user?: string;
    }
  | { readonly type: "inside"; readonly sandbox: string; readonly user?: string };

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
    const kind = this.#args.container === undefined ? "process" : "container";
    this.#step = newStep(`${options.run.id}.${options.call.number}`, options.call.name, kind);
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
      const onNote = (text: string): void => sink.note(text);
      const listener = { onOutput: async (piece: StepOutput) => await sink.take(piece), onNote };
      this.#running = await startWhenRoom(
        () => parts.executor.start(spec, listener),
        parts.clock,
        () => this.#cancelled,
      );
      if (this.#cancelled) this.#running.cancel();
      const outcome = await this.#running.outcome;
      await sink.finish();
      this.#end(statusOf(outcome), outcome.code, this.#resultOf(outcome, sink));
    } catch (thrown) {
      this.#end("failed", null, { ok: false, error: this.#failure(thrown) });
    } finally {
      parts.stepSlots.release();
    }
  }

  /** Opening a container resolves with its handle; what keeps it from opening is an error. */
  #resultOf(outcome: StepOutcome, sink: StepOutputSink): CallOutcome {
    if (this.#args.container?.type !== "open") return { ok: true, value: resultOf(outcome, sink) };
    if (outcome.end === "exited") return { ok: true, value: { id: containerName(this.#step.id) } };
    const code = outcome.end === "cancelled" ? "RUN_CANCELLED" : "STEP_NOT_STARTED";
    return { ok: false, error: this.#failure(new AppError(code, outcome.message ?? "the sandbox was not opened")) };
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

  #spec(): StepSpec {
    const { command, env, workDir, mounts, container, stdin, timeout } = this.#args;
    const { run } = this.#options;
    return {
      stepId: this.#step.id,
      runId: run.id,
      pipeline: run.pipeline,
      command,
      env,
      ...(workDir === undefined ? {} : { workDir }),
      ...(mounts === undefined ? {} : { mounts }),
      ...(container === undefined ? {} : { container: placeOf(container) }),
      ...(stdin === undefined ? {} : { stdin }),
      ...(timeout === undefined || timeout === null ? {} : { timeoutMs: parseTimeout(timeout) }),
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

/** @throws {AppError} VALIDATION_FAILED when the memory is no size. */
function placeOf(container: ContainerArguments): ContainerPlace {
  if (container.type === "inside") return container;
  const { memory, cpu, ...rest } = container;
  // 0 is no limit, as in the pipelines that scripts come from.
  const limits = {
    ...(cpu === undefined || cpu === 0 ? {} : { cpu }),
    ...(memory === undefined || memory === 0 ? {} : { memoryBytes: parseByteSize(memory) }),
  };
  return { ...rest, ...limits };
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

/** @throws {AppError} VALIDATION_FAILED that names the option. */
function parseTimeout(timeout: JsonValue): number {
  try {
    return parseDuration(timeout);
  } catch (thrown) {
    const { code, message, hint } = toAppError(thrown);
    throw new AppError(code, `timeout: ${message}`, hint === undefined ? {} : { hint });
  }
}
