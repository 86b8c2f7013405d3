// The environment of a step: a few names of ours and the step's own, never the server's.

import { Buffer } from "node:buffer";
import type { StepSpec } from "../executor.ts";
import { notStarted, shown } from "./not-started.ts";

/** Marks every process of a step, also one that left its session; see process-scan.ts. */
export const stepIdVariable = "RUNNER_STEP_ID";

/** The longest argument or `NAME=value` that Linux takes (MAX_ARG_STRLEN, execve(2)), its final NUL not counted. */
export const longestTextBytes = 131_071;

export interface EnvironmentDefaults {
  readonly path: string;
  readonly home: string;
  readonly lang: string;
}

/**
 * PATH, HOME, LANG and TMPDIR, which the step may set otherwise; RUNNER_RUN_ID, RUNNER_STEP_ID and RUNNER_PIPELINE,
 * which it may not.
 * @throws {AppError} STEP_NOT_STARTED when a name or value cannot be passed to a process.
 */
export function createStepEnvironment(
  spec: StepSpec,
  defaults: EnvironmentDefaults,
  tmpDir: string,
): Record<string, string> {
  const env: Record<string, string> = {
    PATH: defaults.path,
    HOME: defaults.home,
    LANG: defaults.lang,
    TMPDIR: tmpDir,
    ...spec.env,
    RUNNER_RUN_ID: spec.runId,
    [stepIdVariable]: spec.stepId,
    RUNNER_PIPELINE: spec.pipeline,
  };
  for (const [name, value] of Object.entries(env)) checkVariable(name, value);
  return env;
}

function checkVariable(name: string, value: string): void {
  // Shells drop other names without a word (dash, busybox), and the step is started through one.
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw notStarted(
      `${shown(name)} is not a name for an environment variable`,
      "use letters, digits and underscores, and do not begin with a digit",
    );
  }
  checkValue(name, value);
}

/** @throws {AppError} STEP_NOT_STARTED when no process can be given it. */
export function checkValue(name: string, value: string): void {
  if (value.includes("\0")) {
    throw notStarted(
      `the environment variable ${name} contains a NUL character`,
      "no process can be given one; encode the value, or pass it by stdin",
    );
  }
  const bytes = Buffer.byteLength(name) + 1 + Buffer.byteLength(value);
  if (bytes > longestTextBytes) {
    throw notStarted(
      `the environment variable ${name} is too long: ${bytes} bytes, at most ${longestTextBytes} can be passed`,
      "pass large values by stdin or in a file",
    );
  }
}
