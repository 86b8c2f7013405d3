// The environment of a container on its way there: neither in the process list, nor of effect on the engine's command.

import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StepSpec } from "../executor.ts";
import { notStarted, notWritten, shown } from "../process/not-started.ts";
import { checkValue, stepIdVariable } from "../process/step-environment.ts";
import { isHeeded } from "./container-engine.ts";

export interface PassedEnvironment {
  readonly args: readonly string[];
  /** For the engine's command, which passes on the variables that the arguments name. */
  readonly env: Readonly<Record<string, string>>;
}

/** Lines longer than 64 KiB are refused by the engines' readers of such files. */
const longestLineBytes = 60_000;

/**
 * Writes the variables into a file in the step's own folder, mode 0600. What a line of such a file cannot hold goes
 * through the environment of the engine's command.
 * @throws {AppError} STEP_NOT_STARTED when a name or a value cannot be passed.
 */
export function passEnvironment(spec: StepSpec, folder: string): PassedEnvironment {
  const env: Record<string, string> = {
    ...spec.env,
    RUNNER_RUN_ID: spec.runId,
    [stepIdVariable]: spec.stepId,
    RUNNER_PIPELINE: spec.pipeline,
  };
  const lines: string[] = [];
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    checkVariable(name, value);
    if (fitsOnLine(name, value)) lines.push(`${name}=${value}\n`);
    else inherited[name] = checkInherited(name, value);
  }
  const file = join(folder, "environment");
  try {
    writeFileSync(file, lines.join(""), { mode: 0o600 });
  } catch (thrown) {
    throw notWritten(file, thrown);
  }
  return {
    args: [`--env-file=${file}`, ...Object.keys(inherited).map((name) => `--env=${name}`)],
    env: inherited,
  };
}

function fitsOnLine(name: string, value: string): boolean {
  return !/[\r\n]/.test(value) && name.length + Buffer.byteLength(value) < longestLineBytes;
}

/** Programs in containers know names with dots and dashes, as `discovery.type`. */
function checkVariable(name: string, value: string): void {
  if (!/^[^\s=#*\0][^\s=*\0]*$/.test(name)) {
    throw notStarted(
      `${shown(name)} is not a name for an environment variable`,
      "leave out blanks, `=` and `*`, and do not begin with #",
    );
  }
  checkValue(name, value);
}

function checkInherited(name: string, value: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !isHeeded(name)) return value;
  throw notStarted(
    `the environment variable ${shown(name)} has line breaks or more than ${longestLineBytes} bytes, which a variable of this name cannot have in a container`,
    "choose another name, or pass the value by stdin or in a mounted file",
  );
}
