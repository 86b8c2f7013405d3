// From a step to the arguments that make its container.

import { Buffer } from "node:buffer";
import type { ContainerOptions, Mount, StepSpec } from "../executor.ts";
import { notStarted, shown } from "../process/not-started.ts";
import { longestTextBytes } from "../process/step-environment.ts";
import type { ContainerFolders } from "./container-folder.ts";

export interface CreateOptions {
  readonly name: string;
  /** Which server made it. */
  readonly server: string;
  readonly spec: StepSpec;
  readonly container: ContainerOptions;
  readonly folders: ContainerFolders;
  readonly environment: readonly string[];
  readonly logArguments: readonly string[];
}

/** A processor count below this, CPU shares from there on. */
const leastShares = 64;

/** @throws {AppError} STEP_NOT_STARTED when the image or an argument is none. */
export function createArguments(options: CreateOptions): readonly string[] {
  const { name, server, spec, container, folders, environment, logArguments } = options;
  const { image, privileged, cpu, memoryBytes, user } = container;
  return checkArguments([
    "create",
    "--pull=never",
    `--name=${name}`,
    `--label=runner.server=${server}`,
    `--label=runner.run=${spec.runId}`,
    `--label=runner.step=${spec.stepId}`,
    `--label=runner.pipeline=${spec.pipeline}`,
    ...logArguments,
    ...(spec.stdin === undefined ? [] : ["--interactive"]),
    ...(privileged ? ["--privileged"] : []),
    ...(cpu === undefined ? [] : [cpu < leastShares ? `--cpus=${cpu}` : `--cpu-shares=${Math.round(cpu)}`]),
    ...(memoryBytes === undefined ? [] : [`--memory=${memoryBytes}b`]),
    ...(user === undefined ? [] : [`--user=${user}`]),
    ...(folders.workDir === undefined ? [] : [`--workdir=${folders.workDir}`]),
    ...folders.mounts.map(mountArgument),
    ...environment,
    // The command is the step's own, not an argument of what the image would start.
    "--entrypoint=",
    checkImage(image),
    ...commandArguments(spec.command),
  ]);
}

/** What runs inside an open container, and how. */
export interface ExecOptions {
  readonly sandbox: string;
  readonly spec: StepSpec;
  readonly user: string | undefined;
  readonly workDir: string | undefined;
  readonly environment: readonly string[];
}

/** @throws {AppError} STEP_NOT_STARTED when an argument is none. */
export function execArguments({ sandbox, spec, user, workDir, environment }: ExecOptions): readonly string[] {
  return checkArguments([
    "exec",
    ...(spec.stdin === undefined ? [] : ["--interactive"]),
    ...(user === undefined ? [] : [`--user=${user}`]),
    ...(workDir === undefined ? [] : [`--workdir=${workDir}`]),
    ...environment,
    sandbox,
    ...commandArguments(spec.command),
  ]);
}

function commandArguments(command: StepSpec["command"]): readonly string[] {
  return typeof command === "string" ? ["sh", "-c", command] : [command.path, ...command.args];
}

function checkArguments(argv: readonly string[]): readonly string[] {
  for (const text of argv) {
    const name = shown(text.slice(0, 60));
    if (text.includes("\0")) throw notStarted(`${name} contains a NUL character`, "no process can be given one");
    const bytes = text.length > longestTextBytes / 4 ? Buffer.byteLength(text) : 0;
    if (bytes > longestTextBytes) {
      throw notStarted(
        `an argument of the command is too long: ${bytes} bytes, at most ${longestTextBytes} can be passed`,
        "pass large values by stdin or in a file",
      );
    }
  }
  return argv;
}

/** Names, tags and digests as registries have them; nothing that a command could take for an option. */
function checkImage(image: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.:/@+-]{0,511}$/.test(image)) return image;
  throw notStarted(`${shown(image)} is not the name of an image`, "write it as `alpine`, `golang:1.22` or with a host");
}

/** The option is a line of comma-separated values, so a path is quoted as those are. */
function mountArgument({ source, target, readOnly }: Mount): string {
  const fields = ["type=bind", `source=${source}`, `target=${target}`, ...(readOnly ? ["readonly"] : [])];
  return `--mount=${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",")}`;
}
