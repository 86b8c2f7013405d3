// Making a step's container, with its image pulled first where that is asked for.

import type { Clock } from "../../core/clock.ts";
import type { ContainerOptions, StepSpec } from "../executor.ts";
import { notStarted } from "../process/not-started.ts";
import type { ContainerEngine } from "./container-engine.ts";
import { passEnvironment } from "./container-environment.ts";
import { placeInContainer } from "./container-folder.ts";
import { removeContainer } from "./container-state.ts";
import { createArguments } from "./create-arguments.ts";
import { type EngineCommandEnd, reasonOf } from "./engine-command.ts";
import { isArchive, loadImage } from "./load-image.ts";
import { neverPulled, pullImage, saysNoImage } from "./pull-image.ts";

export interface MakeOptions {
  readonly engine: ContainerEngine;
  readonly name: string;
  readonly server: string;
  readonly spec: StepSpec;
  readonly container: ContainerOptions;
  /** The step's own on this machine. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onNote: (text: string) => void;
  readonly clock: Clock;
}

/**
 * Resolves when the container is there, not started; also where the signal ended it early.
 * @throws {AppError} CONTAINER_ENGINE_UNAVAILABLE, IMAGE_UNAVAILABLE, STEP_NOT_STARTED.
 */
export async function makeContainer(options: MakeOptions): Promise<void> {
  const { engine, name, server, spec, folder, signal } = options;
  const container = await withImage(options);
  if (container === undefined) return;
  const { image, pull } = container;
  const { logArguments } = await engine.find();
  const environment = passEnvironment(spec, folder);
  const folders = placeInContainer(spec);
  const args = createArguments({ name, server, spec, container, folders, environment: environment.args, logArguments });
  const create = (): Promise<EngineCommandEnd> => engine.ask(args, { signal, env: environment.env });
  if (pull === "always") await pullImage({ ...options, image });
  if (signal.aborted) return;
  let made = await create();
  if (saysConflict(made)) {
    // An earlier try of this very step left it: the name holds the run's id.
    await removeContainer(engine, name);
    made = await create();
  }
  if (made.code !== 0 && !signal.aborted && saysNoImage(made.stderr)) {
    if (pull === "never") throw neverPulled(image, await engine.find());
    await pullImage({ ...options, image });
    if (signal.aborted) return;
    made = await create();
  }
  if (made.code === 0 || signal.aborted) return;
  throw notStarted(
    `a container of ${image} could not be made: ${reasonOf({ ...made, stdout: "" })}`,
    "check the step's image, mounts, containerLimits and user",
  );
}

/** What is to be made, its image named; undefined where the signal ended the load of an archive. */
async function withImage({ engine, container, signal }: MakeOptions): Promise<ContainerOptions | undefined> {
  if (!isArchive(container.image)) return container;
  const image = await loadImage(engine, container.image, signal);
  return image === undefined ? undefined : { ...container, image, pull: "never" };
}

function saysConflict({ code, stderr }: EngineCommandEnd): boolean {
  return code !== 0 && /name .*already in use/i.test(stderr);
}
