// What every command is given: the outside world as parameters, so that tests can own it.

import type { Config, Environment } from "../config.ts";
import type { LogEntry } from "../core/log-entry.ts";
import type { Run } from "../core/run.ts";
import type { Pipeline } from "../pipelines/pipelines.ts";
import type { Program } from "./program-name.ts";
import type { Terminal } from "./terminal.ts";

export interface RunningServer {
  readonly url: string;
  readonly token: string;
  /** Null where the token came from the environment. */
  readonly tokenPath: string | null;
  stop(): Promise<void>;
}

export interface CheckReport {
  readonly pipelines: readonly Pipeline[];
}

export interface RunOnceOptions {
  /** Absolute path of a script, or the id of a pipeline. */
  readonly target: string;
  readonly params: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  /** Absolute path; absent: a temporary one that is removed. */
  readonly database?: string;
  readonly onEntry: (entry: LogEntry) => Promise<void> | void;
  /** Cancels the run when aborted. */
  readonly signal: AbortSignal;
}

/** What app.ts does for the commands that need more than an HTTP client. */
export interface AppVerbs {
  startServer(config: Config): Promise<RunningServer>;
  checkPipelines(config: Config): Promise<CheckReport>;
  /** Resolves with the finished run, whatever its end. */
  runOnce(config: Config, options: RunOnceOptions): Promise<Run>;
}

export interface CommandContext {
  readonly terminal: Terminal;
  readonly environment: Environment;
  readonly cwd: string;
  readonly cores: number;
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly program: Program;
  /** Loaded only by the commands that need it: a client command should start fast. */
  readonly loadApp: () => Promise<AppVerbs>;
  /** Says what the process is to exit with. */
  readonly end: (exitCode: number) => void;
}
