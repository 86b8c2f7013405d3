// One step from its start to its outcome: output, time limit, output limit, cancellation, exit.

import type { Clock } from "../../core/clock.ts";
import type { RunningStep, StepOutcome, StepOutput } from "../executor.ts";
import { endProcesses, killProcesses, pause, type Ending } from "./end-processes.ts";
import { OutputPump } from "./output-pump.ts";
import { OutputTail } from "./output-tail.ts";
import type { ProcessScan } from "./process-scan.ts";
import { findProcessIdentity, type ProcessIdentity } from "./process-stat.ts";
import { spawnWrapper, type WrapperCommand } from "./spawn-wrapper.ts";
import type { SpoolFolder } from "./spool-folder.ts";
import { createOutcome, createUnknownOutcome, type EndReason } from "./step-outcome.ts";

export interface ProcessStepOptions {
  readonly stepId: string;
  readonly wrapper: WrapperCommand;
  readonly folder: SpoolFolder;
  readonly timeoutMs: number | undefined;
  readonly graceMs: number;
  readonly maxOutputBytes: number;
  readonly onOutput: (output: StepOutput) => Promise<void> | void;
  readonly clock: Clock;
  readonly scan: ProcessScan;
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
    this.outcome = this.#run().catch((thrown: unknown) => createUnknownOutcome(thrown));
  }

  cancel(): void {
    this.#end("cancelled");
  }

  async #run(): Promise<StepOutcome> {
    const { folder, graceMs, maxOutputBytes, timeoutMs, clock } = this.#options;
    const cancelTimeout = timeoutMs === undefined ? () => {} : clock.after(timeoutMs, () => this.#end("timed_out"));
    const cancelNote = clock.after(noteAfterMs, () => this.#noteIdentity());
    await this.#exited.promise;
    cancelTimeout();
    cancelNote();
    const ending = this.#ending ? await this.#ending : null;
    const status = this.#readStatus();
    if (status === null && !ending) await killProcesses(this.#mark, this.#options);
    await this.#pump.finish();
    folder.close();
    const reason = this.#reason ?? (this.#pump.isOverLimit ? "output_limit" : null);
    return createOutcome({ status, reason, ending, graceMs, timeoutMs: timeoutMs ?? 0, maxOutputBytes });
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
    const target = { ...this.#mark, pid: this.pid, isWrapperAlive: () => this.#isWrapperAlive };
    const ending = await endProcesses(target, graceMs, this.#options);
    // A process stuck in the kernel never ends; its step does.
    const giveUp = clock.after(lastWaitMs, () => this.#exited.resolve());
    void this.#exited.promise.then(giveUp);
    return ending;
  }

  get #mark(): { readonly stepId: string; readonly leader: ProcessIdentity | null } {
    return { stepId: this.#options.stepId, leader: this.#leader };
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
