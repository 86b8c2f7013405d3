// What every command is given: the outside world as parameters, so that tests can own it.

import type * as App from "../app.ts";
import type { Environment } from "../config.ts";
import type { Program } from "./program-name.ts";
import type { Terminal } from "./terminal.ts";

/** What app.ts does for the commands that need more than an HTTP client. */
export type AppVerbs = Pick<
  typeof App,
  | "startServer"
  | "checkPipelines"
  | "compileFile"
  | "runOnce"
  | "replayJournal"
  | "readStoredJournal"
  | "testPipelines"
  | "tryExpression"
>;

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
