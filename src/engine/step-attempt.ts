// One try of a step: starts it or takes it up, passes its output on, and tells how it ended.

import { AppError, toAppError } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";
import type { LogEntry } from "../core/log-entry.ts";
import type { Step, StepStatus } from "../core/run.ts";
import { parseStepId } from "../core/step-id.ts";
import { containerName } from "../executors/executors.ts";
import type { EarlierLife, RunningStep, StepListener, StepOutcome, StepSpec } from "../executors/executors.ts";
import type { CallError, CallOutcome, Write } from "../store/store.ts";
import { mask } from "../telemetry/telemetry.ts";
import type { OngoingCallOptions } from "./ongoing-call.ts";
import { retryOf } from "./plan-retry.ts";
import { startWhenRoom } from "./start-when-room.ts";
import type { StepArguments } from "./step-arguments.ts";
import { StepOutputSink, type StreamOffsets } from "./step-output.ts";

export interface StepAttemptOptions {
  readonly parts: Pick<OngoingCallOptions["parts"], "executor" | "clock" | "store" | "redactor">;
  readonly args: StepArguments;
  /**
   * For a step that is started, or for one that is taken up, which needs no secrets.
   * @throws {AppError} VALIDATION_FAILED for options that cannot be; for a start SECRET_MISSING.
   */
  readonly spec: (use: "start" | "take up") => Promise<StepSpec>;
  readonly step: Pick<Step, "id" | "name">;
  /** When this attempt began: what it has spent of its time limit. */
  readonly startedAt: number;
  readonly base: StreamOffsets;
  readonly record: OngoingCallOptions["record"];
  readonly output: OngoingCallOptions["output"];
}

export interface AttemptEnd {
  readonly status: StepStatus;
  readonly code: number | null;
  readonly outcome: CallOutcome;
  /** Recorded with the end. */
  readonly writes: readonly Write[];
  /** What a retry policy goes by; none where it is not to be tried again. */
  readonly codes: readonly (number | string)[];
  /** Why it is no success, for people; null where it is one. */
  readonly reason: string | null;
  /** Nobody knows how it ended. */
  readonly interrupted?: true;
}

/** The last bytes of a stream that are enough to find the place in a file. */
const rememberedBytes = 64;
const lastOfMask = mask.charCodeAt(mask.length - 1);

export class StepAttempt {
  readonly #options: StepAttemptOptions;
  readonly #sink: StepOutputSink;
  #running: RunningStep | null = null;
  #cancelled = false;

  constructor(options: StepAttemptOptions) {
    this.#options = options;
    const { parts, step, base, record, output, args } = options;
    this.#sink = new StepOutputSink({
      runId: parseStepId(step.id).runId,
      stepId: step.id,
      stepName: step.name,
      base,
      log: output.log,
      now: () => parts.clock.now(),
      redactor: parts.redactor,
      record,
      deliver: args.output ? output.deliver : undefined,
    });
  }

  /** Where its output ends in the streams of the step. */
  get ends(): StreamOffsets {
    return this.#sink.ends;
  }

  /** Never rejects. */
  async start(): Promise<AttemptEnd> {
    return await this.#follow(async (listener) => await this.#start(listener));
  }

  /** Goes on with what an earlier life has started. Never rejects. */
  async takeUp(delivered: StreamOffsets): Promise<AttemptEnd> {
    const { parts, spec, startedAt } = this.#options;
    return await this.#follow(async (listener) => {
      const taken = await this.#readTaken(delivered);
      const spentMs = Math.max(0, parts.clock.now() - startedAt);
      const step = await parts.executor.attach(await spec("take up"), { taken, spentMs }, listener);
      return step === "not_begun" ? await this.#start(listener) : step;
    });
  }

  async #start(listener: StepListener): Promise<RunningStep> {
    const { parts, args, spec } = this.#options;
    retryOf(args);
    const given = await spec("start");
    return await startWhenRoom(
      () => parts.executor.start(given, listener),
      parts.clock,
      () => this.#cancelled,
    );
  }

  cancel(): void {
    this.#cancelled = true;
    this.#running?.cancel();
  }

  note(text: string, level: LogEntry["level"]): void {
    this.#sink.note(text, level);
  }

  async #follow(begin: (listener: StepListener) => Promise<RunningStep | "interrupted">): Promise<AttemptEnd> {
    const sink = this.#sink;
    try {
      const begun = await begin({
        onOutput: async (piece) => await sink.take(piece),
        onNote: (text) => sink.note(text),
      });
      if (begun === "interrupted") return this.#interrupted();
      this.#running = begun;
      if (this.#cancelled) this.#running.cancel();
      const outcome = await this.#running.outcome;
      const writes = await sink.finish();
      return this.#endOf(outcome, writes);
    } catch (thrown) {
      return this.#failed(toAppError(thrown));
    }
  }

  #endOf(outcome: StepOutcome, writes: readonly Write[]): AttemptEnd {
    const { end, code, message } = outcome;
    const status = statusOf(outcome);
    const reason = status === "succeeded" ? null : (message ?? `exit code ${code}`);
    const codes = status === "succeeded" || end === "cancelled" ? [] : [code];
    const ended = { status, code, writes, codes, reason };
    const { args, step } = this.#options;
    if (args.container?.type !== "open")
      return { ...ended, outcome: { ok: true, value: resultOf(outcome, this.#sink) } };
    // Opening a container resolves with its handle; what keeps it from opening is an error.
    if (end === "exited") return { ...ended, outcome: { ok: true, value: { id: containerName(step.id) } } };
    const cause = end === "cancelled" ? "RUN_CANCELLED" : "STEP_NOT_STARTED";
    const error = this.#callError(new AppError(cause, message ?? "the sandbox was not opened"));
    return { ...ended, codes: codes.length === 0 ? [] : [...codes, cause], outcome: { ok: false, error } };
  }

  #failed(error: AppError): AttemptEnd {
    const codes = error.code === "VALIDATION_FAILED" ? [] : [error.code];
    const outcome: CallOutcome = { ok: false, error: this.#callError(error) };
    return { status: "failed", code: null, outcome, writes: [], codes, reason: error.message };
  }

  async #readTaken(delivered: StreamOffsets): Promise<EarlierLife["taken"]> {
    const { parts, step, base } = this.#options;
    const { logs } = parts.store;
    const ends = await logs.outputEnds(step.id);
    const read = async (stream: "stdout" | "stderr", offset: number, length: number): Promise<Uint8Array> =>
      await logs.readOutput(step.id, stream, offset, length);
    await this.#sink.resume({ ends, delivered, read });
    const takenOf = async (stream: "stdout" | "stderr"): Promise<EarlierLife["taken"]["stdout"]> => {
      const end = this.#sink.ends[stream];
      const length = Math.min(end - base[stream], rememberedBytes);
      const last = await read(stream, end - length, length);
      const bytes = this.#sink.taken[stream];
      return { bytes, last: bytes === end - base[stream] ? last : behindMask(last) };
    };
    return { stdout: await takenOf("stdout"), stderr: await takenOf("stderr") };
  }

  #interrupted(): AttemptEnd {
    const message = "it was interrupted by the end of the server or of the machine, and nobody knows how far it came";
    const error = new AppError("INTERRUPTED", message, { hint: "look at what it did, then run it again" });
    return { ...this.#failed(error), codes: [], interrupted: true };
  }

  #callError({ code, message, hint }: AppError): CallError {
    const text = `step ${JSON.stringify(this.#options.step.name)}: ${message}`;
    return { code, message: text, ...(hint === undefined ? {} : { hint }) };
  }
}

/** The bytes that are certain to be as the step wrote them: those behind the last mask, or what looks like one. */
function behindMask(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(bytes.lastIndexOf(lastOfMask) + 1);
}

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
