// One step from its start, or from where an earlier life has left it, to its outcome: output, time limit, output limit,
// cancellation, exit.

import { AppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import type { OutputStream, RunningStep, StepListener, StepOutcome, TakenOutput } from "../executor.ts";
import { type Ending, type EndingTarget, pause } from "./end-processes.ts";
import { systemCode } from "./not-started.ts";
import { OutputPump } from "./output-pump.ts";
import { OutputTail, type OutputTailOptions } from "./output-tail.ts";
import type { StepMark } from "./process-scan.ts";
import type { SpoolFolder } from "./spool-folder.ts";
import type { StepNotes } from "./step-notes.ts";
import { createOutcome, createUnknownOutcome, type EndReason } from "./step-outcome.ts";
import type { WrapperProcess } from "./wrapper-process.ts";

/** What a process stands for: itself, or a container that it is attached to. */
export interface StepControl {
  /** Ends all of the step: politely, and after the grace by force. */
  end(target: EndingTarget, graceMs: number): Promise<Ending>;
  /**
   * The exit status of a step that nobody ended, from that of its process; null where it was killed from outside.
   * @throws {AppError} what the outcome rejects with.
   */
  settle(status: number | null, mark: StepMark): Promise<SettledStatus>;
}

export interface SettledStatus {
  readonly status: number | null;
  /** Why, where more is known than the status says. */
  readonly cause: string | null;
}

export interface ProcessStepOptions {
  readonly stepId: string;
  readonly wrapper: WrapperProcess;
  /** Closed with the outcome. */
  readonly folder: SpoolFolder;
  /** True where no command of the step's can empty the output files. */
  readonly hasSteadyFiles?: boolean;
  readonly timeoutMs: number | undefined;
  /** How much of the time limit was spent before. */
  readonly spentMs?: number;
  /** Absent: this life is the step's first. */
  readonly taken?: Readonly<Record<OutputStream, TakenOutput>>;
  /** Why an earlier life was ending the step, which is gone on with. */
  readonly reason?: EndReason | null;
  readonly graceMs: number;
  readonly maxOutputBytes: number;
  readonly onOutput: StepListener["onOutput"];
  readonly clock: Clock;
  readonly control: StepControl;
  readonly warn: (message: string) => void;
}

/** A signal that arrives while the shell is becoming the command is lost, so none is sent to a step this young. */
const youthMs = 30;

/** How long a server may take to stop once it was told to, which is when its next life goes on with its steps. */
const toldMs = 500;

/** How long the end of a killed wrapper may take to be reported. */
const lastWaitMs = 2000;

export class ProcessStep implements RunningStep {
  readonly outcome: Promise<StepOutcome>;
  readonly #options: ProcessStepOptions;
  readonly #pump: OutputPump;
  readonly #startedAt: number;
  readonly #gaveUp = Promise.withResolvers<null>();
  #reason: EndReason | null = null;
  #ending: Promise<Ending> | null = null;

  constructor(options: ProcessStepOptions) {
    this.#options = options;
    const { clock, reason = null } = options;
    this.#startedAt = clock.elapsed();
    this.#pump = new OutputPump({
      tails: (["stdout", "stderr"] as const).map((stream) => new OutputTail(this.#tailOptions(stream))),
      onOutput: options.onOutput,
      maxBytes: options.maxOutputBytes,
      onLimit: () => this.#end("output_limit"),
      onFailure: (thrown) => options.warn(`the output of step ${options.stepId} was dropped: ${String(thrown)}`),
      clock,
    });
    if (reason !== null) this.#endFor(reason);
    this.outcome = this.#run().catch((thrown: unknown) => {
      if (thrown instanceof AppError) throw thrown;
      return createUnknownOutcome(thrown);
    });
  }

  get pid(): number | null {
    return this.#options.wrapper.pid;
  }

  cancel(): void {
    this.#end("cancelled");
  }

  async #run(): Promise<StepOutcome> {
    const { wrapper, folder, graceMs, maxOutputBytes, timeoutMs = 0 } = this.#options;
    const cancelTimeout = this.#armTimeout();
    const exitCode = await Promise.race([wrapper.ended, this.#gaveUp.promise]);
    cancelTimeout();
    try {
      const ending = this.#ending ? await this.#ending : null;
      const { status, cause } = await this.#settle(exitCode, ending);
      await this.#letServerBeTold(status);
      const reason = this.#reason ?? (this.#pump.isOverLimit ? "output_limit" : null);
      return createOutcome({ status, cause, reason, ending, graceMs, timeoutMs, maxOutputBytes });
    } finally {
      wrapper.release();
      folder.close();
    }
  }

  /** Who ends a whole service tells the server too: it is to stop without a word on a step that was told to end. */
  async #letServerBeTold(status: number | null): Promise<void> {
    const { folder, clock } = this.#options;
    if (status !== 0 && this.#reason === null && folder.readEnd()?.wasTold === true) await pause(clock, toldMs);
  }

  #armTimeout(): () => void {
    const { timeoutMs, spentMs = 0, clock } = this.#options;
    if (timeoutMs === undefined) return () => {};
    return clock.after(Math.max(0, timeoutMs - spentMs), () => this.#end("timed_out"));
  }

  async #settle(exitCode: number | null, ending: Ending | null): Promise<SettledStatus> {
    // The exit code stands in where the disk was too full for the status; 0 proves nothing by itself.
    const known = this.#options.folder.readEnd()?.status ?? (exitCode || null);
    // What it wrote may say why it ended so.
    if (known !== null) await this.#pump.finish();
    try {
      return ending ? { status: known, cause: null } : await this.#options.control.settle(known, this.#target);
    } finally {
      await this.#pump.finish();
    }
  }

  /** The first reason counts; after the command has ended none does. */
  #end(reason: EndReason): void {
    if (this.#reason || !this.#options.wrapper.isAlive) return;
    this.#tryNote("the ending", (notes) => notes.writeEnding(reason));
    this.#endFor(reason);
  }

  #endFor(reason: EndReason): void {
    this.#reason = reason;
    this.#ending = this.#endNow();
  }

  async #endNow(): Promise<Ending> {
    const { clock, graceMs, wrapper } = this.#options;
    await pause(clock, Math.max(0, this.#startedAt + youthMs - clock.elapsed()));
    const ending = await this.#options.control.end(this.#target, graceMs);
    // A process stuck in the kernel never ends; its step does.
    const giveUp = clock.after(lastWaitMs, () => this.#gaveUp.resolve(null));
    void wrapper.ended.then(giveUp);
    return ending;
  }

  get #target(): EndingTarget {
    const { stepId, wrapper } = this.#options;
    return { stepId, leader: wrapper.identity, pid: wrapper.pid, isWrapperAlive: () => wrapper.isAlive };
  }

  #tailOptions(stream: OutputStream): OutputTailOptions {
    const { folder, taken, hasSteadyFiles = false } = this.#options;
    const fd = stream === "stdout" ? folder.stdoutFd : folder.stderrFd;
    const onEmptied = (offset: number): void => {
      this.#tryNote(`the emptied ${stream}`, (notes) => notes.writeEmptied(stream, offset));
    };
    const start = taken && { taken: taken[stream], fileStart: folder.notes.findEmptied(stream) };
    return { stream, fd, ...(start === undefined ? {} : { start }), ...(hasSteadyFiles ? {} : { onEmptied }) };
  }

  /** What is written down for a later life must not end the step in this one. */
  #tryNote(what: string, write: (notes: StepNotes) => void): void {
    const { stepId, folder, warn } = this.#options;
    try {
      write(folder.notes);
    } catch (thrown) {
      // A step that has removed its own folder is not worth a word.
      if (systemCode(thrown) !== "ENOENT") warn(`${what} of step ${stepId} could not be noted: ${String(thrown)}`);
    }
  }
}
