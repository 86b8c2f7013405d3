// What the engine knows of a container.

import type { ContainerEngine } from "./container-engine.ts";
import { reasonOf } from "./engine-command.ts";

export interface ContainerState {
  /** `created`, `running`, `exited`, … */
  readonly status: string;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** Why it could not be started; empty where the engine does not say. */
  readonly error: string;
  /** Of its first process, as this machine numbers it; 0 where it does not run. */
  readonly pid: number;
  readonly id: string;
}

/**
 * Null where there is no such container.
 * @throws {AppError} CONTAINER_ENGINE_UNAVAILABLE.
 */
export async function findContainer(engine: ContainerEngine, name: string): Promise<ContainerState | null> {
  const end = await engine.ask(["container", "inspect", "--format", "{{.Id}} {{json .State}}", name]);
  const match = /^(\S+) (\{.*\})\s*$/s.exec(end.stdout);
  if (end.code !== 0 || match === null) return null;
  const { Status, ExitCode, OOMKilled, Error: error, Pid } = JSON.parse(match[2] ?? "{}") as Record<string, unknown>;
  return {
    id: match[1] ?? "",
    status: String(Status),
    exitCode: Number(ExitCode),
    outOfMemory: OOMKilled === true,
    error: typeof error === "string" ? error : "",
    pid: Number(Pid),
  };
}

/** Ends and removes containers with their anonymous volumes; null when done or not there, else why not. */
export async function removeContainer(engine: ContainerEngine, ...names: readonly string[]): Promise<string | null> {
  const { removeArguments } = await engine.find();
  const end = await engine.ask(["rm", "--force", "--volumes", ...removeArguments, ...names]);
  return end.code === 0 || /no such container|no container with/i.test(end.stderr) ? null : reasonOf(end);
}
