// The contract of what does the work of a step.

/** What a step is to run; everything is resolved text, nothing is inherited from the server. */
export interface ProcessSpec {
  /** `<run id>.<call number>`: names the spool folder and marks every process of the step. */
  readonly stepId: string;
  readonly runId: string;
  readonly pipeline: string;
  /** A text is run by `sh -c`. */
  readonly command: string | { readonly path: string; readonly args: readonly string[] };
  readonly env: Readonly<Record<string, string>>;
  /** Absent: a fresh folder of the step's own. */
  readonly workDir?: string;
  readonly stdin?: string;
  readonly timeoutMs?: number;
}

export type OutputStream = "stdout" | "stderr";

/** A piece of one stream, in order within that stream. */
export interface StepOutput {
  readonly stream: OutputStream;
  /** Place of the first byte in its stream. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export type StepEnd = "exited" | "signalled" | "cancelled" | "timed_out" | "output_limit" | "interrupted";

/** How a step ended. Output was handed over piece by piece and is not repeated here. */
export interface StepOutcome {
  readonly end: StepEnd;
  /** Exit status; 128 + signal where a signal ended it; never 0 unless it exited with 0 by itself. */
  readonly code: number;
  /** One sentence for people where `end` is not `exited`. */
  readonly message: string | null;
}

/** A step that has been started. */
export interface RunningStep {
  readonly pid: number;
  /**
   * Resolves when the command has ended and all its output has been handed over; never rejects. Where the step was
   * ended (cancel, time-out, too much output) or killed from outside, nothing of it is left alive; where the command
   * ended by itself, what it left in the background goes on.
   */
  readonly outcome: Promise<StepOutcome>;
  /** SIGTERM, grace, SIGKILL; the outcome follows. Safe to call twice. */
  cancel(): void;
}

export interface Executor {
  /**
   * Starts the step; `onOutput` is called with each piece, awaited before the next is read, so that output never
   * piles up in memory.
   * @throws {AppError} STEP_NOT_STARTED when the command is not found on the step's PATH, the folder does not exist, …
   */
  start(spec: ProcessSpec, onOutput: (output: StepOutput) => Promise<void> | void): Promise<RunningStep>;
  /** Removes what is kept of a finished step; called once its result is durable. Not removable: only warned of. */
  discard(stepId: string): Promise<void>;
  /**
   * Ends processes and removes folders that steps of an earlier server life left behind. Called before the first
   * start. Resolves with the steps that still had processes; takes as long as those take to end (grace, then SIGKILL).
   */
  cleanLeftovers(): Promise<{ readonly endedSteps: readonly string[] }>;
  /** Removes what the steps of an ended run shared: containers that were kept open. Never rejects for what is gone. */
  endRun(runId: string): Promise<void>;
}
