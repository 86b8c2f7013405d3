// Containers and folders that an earlier life of this server left behind.

import type { Clock } from "../../core/clock.ts";
import { findSpooledSteps } from "../process/leftovers.ts";
import { removeFolder } from "../process/remove-folder.ts";
import { isStepId } from "../process/step-id.ts";
import { spoolPaths } from "../process/spool-folder.ts";
import type { ContainerEngine } from "./container-engine.ts";
import { containerName, stepIdOf } from "./container-name.ts";
import { removeContainer } from "./container-state.ts";
import { reasonOf } from "./engine-command.ts";
import { findServerMark } from "./server-mark.ts";
import { stopContainer } from "./stop-container.ts";

export interface StrayOptions {
  readonly engine: ContainerEngine;
  readonly spoolDir: string;
  readonly graceMs: number;
  readonly clock: Clock;
  /** True for a step of this life, and for one that is kept from an earlier one. */
  readonly isOurs: (stepId: string) => boolean;
  readonly warn: (message: string) => void;
}

export interface RemovedStrays {
  /** The steps whose containers still ran. */
  readonly endedSteps: readonly string[];
  /** Names of the containers that were let be. */
  readonly containers: ReadonlySet<string>;
}

/**
 * Ends them with the grace and removes them. The engine is asked only where this server has made containers before.
 * @throws what the engine says.
 */
export async function removeStrays(options: StrayOptions): Promise<RemovedStrays> {
  const { spoolDir, isOurs, warn } = options;
  const server = findServerMark(spoolDir);
  if (server === null) return { endedSteps: [], containers: new Set() };
  const folders = (await findSpooledSteps(spoolDir)).filter((stepId) => !isOurs(stepId));
  const removed = await removeContainers(options, server);
  for (const stepId of folders) {
    await removeFolder(spoolPaths(spoolDir, stepId).folder).catch((thrown: unknown) => {
      warn(`the folder of the step ${stepId} could not be removed: ${String(thrown)}`);
    });
  }
  return removed;
}

async function removeContainers(
  { engine, graceMs, clock, isOurs }: StrayOptions,
  server: string,
): Promise<RemovedStrays> {
  const all = await list(engine, server, []);
  const strays = new Set(all.filter((stepId) => !isOurs(stepId)));
  const containers = new Set(all.filter((stepId) => !strays.has(stepId)).map(containerName));
  if (strays.size === 0) return { endedSteps: [], containers };
  const running = (await list(engine, server, ["--filter=status=running"])).filter((stepId) => strays.has(stepId));
  await Promise.all(
    running.map(async (stepId) => await stopContainer({ engine, name: containerName(stepId), graceMs, clock })),
  );
  const problem = await removeContainer(engine, ...[...strays].map(containerName));
  if (problem !== null) throw new Error(problem);
  return { endedSteps: running, containers };
}

/** Ids of the steps whose containers there are; the names are made of them. */
async function list(engine: ContainerEngine, server: string, filters: readonly string[]): Promise<readonly string[]> {
  const args = ["ps", "--all", `--filter=label=runner.server=${server}`, ...filters, "--format={{.Names}}"];
  const end = await engine.ask(args);
  if (end.code !== 0) throw new Error(reasonOf(end));
  return end.stdout
    .split("\n")
    .map((name) => stepIdOf(name.trim()))
    .filter(isStepId);
}
