// Starting the wrapper of a step in a session of its own.

import { feature } from "bun:bundle";
import type { AppError } from "../../core/app-error.ts";
import { faultPoint } from "../../core/fault-point.ts";
import { notStarted, systemCode } from "./not-started.ts";
import type { SpoolFolder } from "./spool-folder.ts";
import { createWrapperScript } from "./wrapper-script.ts";

export interface WrapperCommand {
  readonly sh: string;
  /** The command's absolute path and its arguments. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workDir: string;
}

/** Exit code of the wrapper; null where a signal ended it. */
export type WrapperExit = (exitCode: number | null) => void;

/** @throws {AppError} STEP_NOT_STARTED when the system refuses. */
export function spawnWrapper(wrapper: WrapperCommand, folder: SpoolFolder, onExit: WrapperExit): number {
  const { sh, command, env, workDir } = wrapper;
  try {
    if (feature("FAULTS")) faultPoint("before spawn of wrapper");
    const { pid } = Bun.spawn([sh, "-c", createWrapperScript(env), "runner-step", ...command], {
      detached: true, // setsid(2): signals meant for the server's terminal or group do not reach the step
      cwd: workDir,
      env: { ...env },
      stdio: [folder.stdinFd ?? "ignore", folder.stdoutFd, folder.statusFd, folder.stderrFd],
      onExit: (_process, exitCode) => onExit(exitCode),
    });
    if (feature("FAULTS")) faultPoint("after spawn of wrapper");
    return pid;
  } catch (thrown) {
    throw explain(thrown, wrapper);
  }
}

function explain(thrown: unknown, { sh, command, workDir }: WrapperCommand): AppError {
  const name = JSON.stringify(command[0]);
  switch (systemCode(thrown)) {
    case "E2BIG":
      return notStarted(
        `the arguments and environment of ${name} are too long for the system`,
        "pass large values by stdin or in a file",
        thrown,
      );
    case "ENOENT":
      return notStarted(`steps need a POSIX shell, and there is none at ${sh}`, "install one", thrown);
    case "EACCES":
      return notStarted(
        `${name} could not be started in ${workDir}: permission denied`,
        `check the permissions of ${workDir} and ${sh}`,
        thrown,
      );
    case "EAGAIN":
    case "ENOMEM":
    case "EMFILE":
    case "ENFILE":
      return notStarted(
        `${name} could not be started: the system has no room for more processes or files (${systemCode(thrown)})`,
        "lower --max-concurrent-steps or raise the limits of the server's user",
        thrown,
      );
    default:
      return notStarted(
        `${name} could not be started: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
        "check the command and its arguments",
        thrown,
      );
  }
}
