// The arguments of a step's host call, as the guest makes them, and what the executor is given for them.

import { AppError, toAppError } from "../core/app-error.ts";
import { parseByteSize } from "../core/byte-size.ts";
import { parseDuration } from "../core/duration.ts";
import type { JsonValue } from "../core/json.ts";
import type { ContainerPlace, Mount, StepSpec } from "../executors/executors.ts";
import { mask } from "../telemetry/telemetry.ts";
import { resolveText, type SecretScope, type TextOrSecret } from "./secret-text.ts";

export interface StepArguments {
  readonly command: string | { readonly path: string; readonly args: readonly TextOrSecret[] };
  readonly env: Readonly<Record<string, TextOrSecret>>;
  readonly workDir?: string;
  readonly mounts?: readonly Mount[];
  /** Where it runs; absent: as a process. */
  readonly container?: ContainerArguments;
  readonly stdin?: TextOrSecret;
  readonly timeout?: JsonValue;
  readonly output: boolean;
  readonly retry?: JsonValue;
  /** What becomes of a step that a reboot or the like has ended; absent: it is run again. */
  readonly onInterrupt?: "fail" | "retry";
  /** The job of the run that it is of. */
  readonly job?: string;
}

type ContainerArguments =
  | {
      readonly type: "own" | "open";
      readonly image: string;
      readonly pull: "always" | "missing" | "never";
      readonly privileged: boolean;
      readonly cpu?: number;
      readonly memory?: number | string;
      readonly user?: string;
    }
  | { readonly type: "inside"; readonly sandbox: string; readonly user?: string };

/** What a step is given, its secrets looked up. */
export type StepTexts = Pick<StepSpec, "command" | "env" | "stdin">;

/** @throws {AppError} SECRET_MISSING that names the option. */
export async function resolveStepTexts({ command, env, stdin }: StepArguments, scope: SecretScope): Promise<StepTexts> {
  const resolved: [name: string, text: string][] = [];
  for (const [name, value] of Object.entries(env)) {
    resolved.push([name, (await resolveText(value, `env.${name}`, scope)).text]);
  }
  return {
    command: await resolveCommand(command, scope),
    env: Object.fromEntries(resolved),
    ...(stdin === undefined ? {} : { stdin: (await resolveText(stdin, "stdin", scope)).text }),
  };
}

/** A text among the arguments is just that, whatever it looks like. */
async function resolveCommand(command: StepArguments["command"], scope: SecretScope): Promise<StepSpec["command"]> {
  if (typeof command === "string") return command;
  const args: string[] = [];
  for (const [index, arg] of command.args.entries()) {
    args.push(typeof arg === "string" ? arg : (await resolveText(arg, `command.args[${index}]`, scope)).text);
  }
  return { path: command.path, args };
}

/** Of a step that needs its texts no more, only whether it had any. */
export function shownTexts({ command, stdin }: StepArguments): StepTexts {
  const shown =
    typeof command === "string"
      ? command
      : { path: command.path, args: command.args.map((arg) => (typeof arg === "string" ? arg : mask)) };
  return {
    command: shown,
    env: {},
    ...(stdin === undefined ? {} : { stdin: typeof stdin === "string" ? stdin : mask }),
  };
}

/** @throws {AppError} VALIDATION_FAILED that names the option. */
export function stepSpec(
  args: StepArguments,
  step: Pick<StepSpec, "stepId" | "runId" | "pipeline">,
  { command, env, stdin }: StepTexts,
): StepSpec {
  const { workDir, mounts, container, timeout } = args;
  return {
    ...step,
    command,
    env,
    ...(workDir === undefined ? {} : { workDir }),
    ...(mounts === undefined ? {} : { mounts }),
    ...(container === undefined ? {} : { container: placeOf(container) }),
    ...(stdin === undefined ? {} : { stdin }),
    ...(timeout === undefined || timeout === null ? {} : { timeoutMs: parseTimeout(timeout) }),
  };
}

/** @throws {AppError} VALIDATION_FAILED when the memory is no size. */
function placeOf(container: ContainerArguments): ContainerPlace {
  if (container.type === "inside") return container;
  const { memory, cpu, ...rest } = container;
  // 0 is no limit, as in the pipelines that scripts come from.
  const limits = {
    ...(cpu === undefined || cpu === 0 ? {} : { cpu }),
    ...(memory === undefined || memory === 0 ? {} : { memoryBytes: parseByteSize(memory) }),
  };
  return { ...rest, ...limits };
}

function parseTimeout(timeout: JsonValue): number {
  try {
    return parseDuration(timeout);
  } catch (thrown) {
    const { code, message, hint } = toAppError(thrown);
    throw new AppError(code, `timeout: ${message}`, hint === undefined ? {} : { hint });
  }
}
