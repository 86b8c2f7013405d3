// One step from its start to its outcome: output, time limit, output limit, cancellation, exit.

import { AppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import type { RunningStep, StepListener, StepOutcome } from "../executor.ts";
import { type Ending, type EndingTarget, pause } from "./end-processes.ts";
import { OutputPump } from "./output-pump.ts";
import { OutputTail } from "./output-tail.ts";
import { findProcessIdentity, type ProcessIdentity } from "./process-stat.ts";
import { spawnWrapper, type WrapperCommand } from "./spawn-wrapper.ts";
import type { SpoolFolder } from "./spool-folder.ts";
import { createOutcome, createUnknownOutcome, type EndReason } from "./step-outcome.ts";

/** What a process stands for: itself, or a container that it is attached to. */
export interface StepControl {
  /** Ends all of the step: politely, and after the grace by force. */
  end(target: EndingTarget, graceMs: number): Promise<Ending>;
  /**
   * The exit status of a step that nobody ended, from that of its process; null where it was killed from outside.
   * @throws {AppError} what the outcome rejects with.
   */
  settle(status: number | null, target: EndingTarget): Promise<SettledStatus>;
}

export interface SettledStatus {
  readonly status: number | null;
  /** Why, where more is known than the status says. */
  readonly cause: string | null;
}

export interface ProcessStepOptions {
  readonly stepId: string;
  readonly wrapper: WrapperCommand;
  readonly folder: SpoolFolder;
  readonly timeoutMs: number | undefined;
  /** How much of the time limit was spent before the process was started. */
  readonly spentMs?: number;
  readonly graceMs: number;
  readonly maxOutputBytes: number;
  readonly onOutput: StepListener["onOutput"];
  readonly clock: Clock;
  readonly control: StepControl;
  readonly warn: (message: string) => void;
}

/** A signal that arrives while the shell is becoming the command is lost, so none is sent to a step this young. */
const youthMs = 30;

/**
 * When the process is noted. Asking /proc for a process in the middle of its exec(2) was measured to hold up the
 * server for 0.4 ms, and most steps this young need no note: until then they can be found by their environment.
 */
const noteAfterMs = 5;

/** How long the end of a killed wrapper may take to be reported. */
const lastWaitMs = 2000;

export class ProcessStep implements RunningStep {
  readonly pid: number;
  readonly outcome: Promise<StepOutcome>;
  readonly #options: ProcessStepOptions;
  readonly #pump: OutputPump;
  readonly #startedAt: number;
  readonly #exited = Promise.withResolvers<void>();
  #leader: ProcessIdentity | null = null;
  #exitCode: number | null = null;
  #isWrapperAlive = true;
  #reason: EndReason | null = null;
  #ending: Promise<Ending> | null = null;

  /** Starts it. @throws {AppError} STEP_NOT_STARTED when the system refuses. */
  constructor(options: ProcessStepOptions) {
    this.#options = options;
    const { folder, clock } = options;
    this.#startedAt = clock.elapsed();
    this.pid = spawnWrapper(options.wrapper, folder, (exitCode) => {
      this.#isWrapperAlive = false;
      this.#exitCode = exitCode;
      this.#exited.resolve();
    });
    this.#pump = new OutputPump({
      tails: [new OutputTail("stdout", folder.stdoutFd), new OutputTail("stderr", folder.stderrFd)],
      onOutput: options.onOutput,
      maxBytes: options.maxOutputBytes,
      onLimit: () => this.#end("output_limit"),
      onFailure: (thrown) => options.warn(`the output of step ${options.stepId} was dropped: ${String(thrown)}`),
      clock,
    });
    this.outcome = this.#run().catch((thrown: unknown) => {
      if (thrown instanceof AppError) throw thrown;
      return createUnknownOutcome(thrown);
    });
  }

  cancel(): void {
    this.#end("cancelled");
  }

  async #run(): Promise<StepOutcome> {
    const { folder, graceMs, maxOutputBytes, timeoutMs = 0, clock } = this.#options;
    const cancelTimeout = this.#armTimeout();
    const cancelNote = clock.after(noteAfterMs, () => this.#noteIdentity());
    await this.#exited.promise;
    cancelTimeout();
    cancelNote();
    const ending = this.#ending ? await this.#ending : null;
    try {
      const { status, cause } = await this.#settle(ending);
      const reason = this.#reason ?? (this.#pump.isOverLimit ? "output_limit" : null);
      return createOutcome({ status, cause, reason, ending, graceMs, timeoutMs, maxOutputBytes });
    } finally {
      folder.close();
    }
  }

  #armTimeout(): () => void {
    const { timeoutMs, spentMs = 0, clock } = this.#options;
    if (timeoutMs === undefined) return () => {};
    return clock.after(Math.max(0, timeoutMs - spentMs), () => this.#end("timed_out"));
  }

  async #settle(ending: Ending | null): Promise<SettledStatus> {
    const known = this.#readStatus();
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
    if (this.#reason || !this.#isWrapperAlive) return;
    this.#reason = reason;
    this.#ending = this.#endNow();
  }

  async #endNow(): Promise<Ending> {
    const { clock, graceMs } = this.#options;
    await pause(clock, Math.max(0, this.#startedAt + youthMs - clock.elapsed()));
    const ending = await this.#options.control.end(this.#target, graceMs);
    // A process stuck in the kernel never ends; its step does.
    const giveUp = clock.after(lastWaitMs, () => this.#exited.resolve());
    void this.#exited.promise.then(giveUp);
    return ending;
  }

  get #target(): EndingTarget {
    const { stepId } = this.#options;
    return { stepId, leader: this.#leader, pid: this.pid, isWrapperAlive: () => this.#isWrapperAlive };
  }

  /** The wrapper's exit code stands in where the disk was too full for the status; 0 proves nothing by itself. */
  #readStatus(): number | null {
    return this.#options.folder.readStatus() ?? (this.#exitCode || null);
  }

  #noteIdentity(): void {
    if (!this.#isWrapperAlive) return;
    this.#leader = findProcessIdentity(this.pid);
    try {
      if (this.#leader) this.#options.folder.writeIdentity(this.#leader);
    } catch (thrown) {
      this.#options.warn(`the process of step ${this.#options.stepId} could not be noted: ${String(thrown)}`);
    }
  }
}
