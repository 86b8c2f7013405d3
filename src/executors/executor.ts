// The contract of what does the work of a step.

/** What a step is to run; everything is resolved text, nothing is inherited from the server. */
export interface StepSpec {
  /** `<run id>.<call number>`: names the spool folder and the container, and marks every process of the step. */
  readonly stepId: string;
  readonly runId: string;
  readonly pipeline: string;
  /** A text is run by `sh -c`. */
  readonly command: string | { readonly path: string; readonly args: readonly string[] };
  readonly env: Readonly<Record<string, string>>;
  /** Relative: below the step's base folder. Absent: that folder, or the image's own where nothing is mounted in it. */
  readonly workDir?: string;
  readonly mounts?: readonly Mount[];
  readonly stdin?: string;
  readonly timeoutMs?: number;
  /** Absent: a local process. */
  readonly container?: ContainerPlace;
}

/** A folder or file of this machine that a step sees at another place. */
export interface Mount {
  /** Relative: below the step's base folder, which for containers is `/workspace`. */
  readonly target: string;
  /** Absolute. */
  readonly source: string;
  readonly readOnly: boolean;
  /** Of a process with an absolute workDir: the folder itself goes there for good, and is no longer at `source`. */
  readonly move?: true;
}

/** How a container is made. */
export interface ContainerOptions {
  /** A name, or the absolute path of an archive as `docker save` writes it. */
  readonly image: string;
  readonly pull: "always" | "missing" | "never";
  readonly privileged: boolean;
  /** Below 64: processors, as 0.5; from there on: CPU shares, whose usual number is 1024. Absent: no limit. */
  readonly cpu?: number;
  readonly memoryBytes?: number;
  /** As `--user` takes it; absent: the image's own. */
  readonly user?: string;
}

/** In a container of its own; no command, but a container that is kept open; inside one that is. */
export type ContainerPlace =
  | (ContainerOptions & { readonly type: "own" })
  | (ContainerOptions & { readonly type: "open" })
  | { readonly type: "inside"; readonly sandbox: string; readonly user?: string };

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
  /** Of the local process; null where there is none yet. */
  readonly pid: number | null;
  /**
   * Resolves when the command has ended and all its output has been handed over. Rejects only for containers, whose
   * engine, image or command may turn out to be missing: CONTAINER_ENGINE_UNAVAILABLE, IMAGE_UNAVAILABLE,
   * STEP_NOT_STARTED. Where the step was
   * ended (cancel, time-out, too much output) or killed from outside, nothing of it is left alive; where the command
   * ended by itself, what it left in the background goes on.
   */
  readonly outcome: Promise<StepOutcome>;
  /** SIGTERM, grace, SIGKILL; the outcome follows. Safe to call twice. */
  cancel(): void;
}

/** Who is told of a running step. */
export interface StepListener {
  /** Called with each piece, awaited before the next is read, so that output never piles up in memory. */
  readonly onOutput: (output: StepOutput) => Promise<void> | void;
  /** Called with a line about what is done for the step before its command runs, as the progress of a pull. */
  readonly onNote: (text: string) => void;
}

/** What an earlier life of the server has taken of one stream. */
export interface TakenOutput {
  readonly bytes: number;
  /** The last of them, up to 64 bytes as the step wrote them: they tell whether the step has emptied its file since. */
  readonly last: Uint8Array;
}

/** How far a step had come by what is known for sure of an earlier life. */
export interface EarlierLife {
  readonly taken: Readonly<Record<OutputStream, TakenOutput>>;
  /** How long ago the step was started; counts for its time limit. */
  readonly spentMs: number;
}

/** What became of a step that an earlier life has started, or was about to. */
export type TakenUpStep = RunningStep | "interrupted" | "not_begun";

export interface Executor {
  /**
   * Starts the step.
   * @throws {AppError} STEP_NOT_STARTED when the command is not found on the step's PATH, the folder does not exist, …
   */
  start(spec: StepSpec, listener: StepListener): Promise<RunningStep>;
  /**
   * Takes up a step that an earlier life of the server started, running or finished. Each stream goes on at the byte
   * already taken, and the outcome is the real one. A container that is kept open is there again for commands inside.
   *
   * `interrupted`: its process is gone without an exit status, or was told to end by a shutdown or a service manager and
   * did not end well. What was left of it, as a command whose wrapper alone was killed, has been ended and removed by
   * then, so that the step can be started again. `not_begun`: its command has not been reached, and that is certain.
   * @throws {AppError} CONTAINER_ENGINE_UNAVAILABLE when the engine must be asked and does not answer for a minute.
   */
  attach(spec: StepSpec, earlier: EarlierLife, listener: StepListener): Promise<TakenUpStep>;
  /** Removes what is kept of a finished step; called once its result is durable. Not removable: only warned of. */
  discard(stepId: string): Promise<void>;
  /**
   * Ends processes and containers and removes folders that steps of an earlier server life left behind, but for those
   * to `keep`: steps in flight, for `attach`, and containers that are kept open. Called before the first start. Resolves
   * with the steps that still ran; takes as long as those take to end (grace, then SIGKILL).
   */
  cleanLeftovers(keep: ReadonlySet<string>): Promise<{ readonly endedSteps: readonly string[] }>;
  /**
   * Removes a container that was kept open; one that is gone already is fine.
   * @throws {AppError} VALIDATION_FAILED when it is not one of this run.
   */
  closeSandbox(runId: string, sandbox: string): Promise<void>;
  /**
   * Removes what the steps of an ended run shared, containers that were kept open, and what was kept of an earlier life
   * for this run and not taken up. Resolves when no container of the run is left, those that were discarded included.
   * Never rejects for what is gone.
   */
  endRun(runId: string): Promise<void>;
  /** Resolves when all that was discarded is removed, or after some seconds. */
  settle(): Promise<void>;
}
