// Taking up a step in a container that an earlier life of the server started: through the process that is attached to
// it where that has lived on, else through what the engine has kept.

import { basename } from "node:path";
import { AppError } from "../../core/app-error.ts";
import type { ContainerPlace, EarlierLife, RunningStep, StepListener, StepSpec, TakenUpStep } from "../executor.ts";
import { killProcesses } from "../process/end-processes.ts";
import { type EarlierWrapper, findEarlierWrapper, isNotBegun } from "../process/find-earlier-wrapper.ts";
import { FoundWrapper } from "../process/found-wrapper.ts";
import type { ProcessScan } from "../process/process-scan.ts";
import { isOfThisBoot } from "../process/process-stat.ts";
import { SpoolFolder } from "../process/spool-folder.ts";
import {
  type AttachedStep,
  type ContainerTools,
  engineMark,
  spawnAttached,
  watchAttached,
} from "./attached-process.ts";
import { containerName } from "./container-name.ts";
import { type ContainerState, findContainer } from "./container-state.ts";
import { followLogs } from "./follow-logs.ts";
import { controlInside, controlOwn } from "./step-control.ts";
import { whenEngineAnswers } from "./when-engine-answers.ts";

export interface TakeUp {
  readonly tools: ContainerTools;
  readonly scan: ProcessScan;
  readonly spec: StepSpec;
  readonly earlier: EarlierLife;
  readonly listener: StepListener;
}

type Place<Type extends ContainerPlace["type"]> = Extract<ContainerPlace, { readonly type: Type }>;

/** Where there is no step to take up, what is left of it is for the caller to remove. */
export async function takeUpOwn(options: TakeUp, container: Place<"own">): Promise<TakenUpStep> {
  const { tools, spec, earlier, listener } = options;
  const found = await findAttached(options);
  const folder = SpoolFolder.open(tools.spoolDir, spec.stepId);
  const isUnreached = isNotBegun(found, earlier.spentMs);
  if (folder === null) return isUnreached ? "not_begun" : "interrupted";
  const reason = folder.notes.findEnding();
  const step = { spec, folder, ...earlier, reason, ...controlOwn(tools, spec, container, listener) };
  if (found.state === "running" || (found.state === "ended" && found.status === 0)) {
    return watchFound(tools, found, step);
  }
  let state: ContainerState | null;
  try {
    state = await findMade(tools, spec.stepId, folder);
    if (canFollow(found, state, spec)) return await follow(options, step);
    if (reason !== null || (found.state === "ended" && state !== null)) return watchFound(tools, found, step);
  } catch (thrown) {
    folder.close();
    throw thrown;
  }
  folder.close();
  // The engine knows for sure that one was not started; of one that it does not know the process that starts it tells.
  return state?.status === "created" || (state === null && isUnreached) ? "not_begun" : "interrupted";
}

/** The same for a command in a container that is kept open, which cannot be found again without its process. */
export async function takeUpInside(options: TakeUp, place: Place<"inside">): Promise<TakenUpStep> {
  const { tools, spec, earlier, listener } = options;
  const found = await findAttached(options);
  const isThere = found.state === "running" || found.state === "ended";
  const watched = controlInside(tools, spec, place, listener);
  if (!isThere) await watched.control.settle(null, { stepId: spec.stepId, leader: null });
  const folder = SpoolFolder.open(tools.spoolDir, spec.stepId);
  const reason = folder?.notes.findEnding() ?? null;
  if (folder !== null && (isThere || reason !== null)) {
    return watchFound(tools, found, { spec, folder, ...earlier, reason, ...watched });
  }
  folder?.close();
  return isNotBegun(found, earlier.spentMs) ? "not_begun" : "interrupted";
}

/** Ends what is left of the process that was attached, as the engine's command without its wrapper. */
export async function endAttached({ tools, scan, spec }: Pick<TakeUp, "tools" | "scan" | "spec">): Promise<void> {
  await killProcesses({ stepId: engineMark(spec.stepId), leader: null }, { clock: tools.clock, scan });
}

async function findAttached({ tools, scan, spec: { stepId } }: TakeUp): Promise<EarlierWrapper> {
  const { spoolDir, clock } = tools;
  return await findEarlierWrapper({ spoolDir, stepId, mark: engineMark(stepId), clock, scan });
}

function watchFound(tools: ContainerTools, found: EarlierWrapper, step: Omit<AttachedStep, "wrapper">): RunningStep {
  const identity = found.state === "running" ? found.identity : null;
  return watchAttached(tools, { ...step, wrapper: new FoundWrapper(identity, step.folder, tools.clock) });
}

/** @throws {AppError} CONTAINER_ENGINE_UNAVAILABLE also where another engine than that of the earlier life answers. */
async function findMade(
  { engine, clock }: ContainerTools,
  stepId: string,
  folder: SpoolFolder,
): Promise<ContainerState | null> {
  const { program } = await whenEngineAnswers(clock, async () => await engine.find());
  const earlier = folder.notes.findEngine();
  if (earlier !== "" && earlier !== basename(program)) {
    throw new AppError(
      "CONTAINER_ENGINE_UNAVAILABLE",
      `the step was started with ${earlier}, which does not answer, and the server now uses ${program}`,
      { hint: `start ${earlier} before the server, or say --container-engine ${earlier}` },
    );
  }
  return await whenEngineAnswers(clock, async () => await findContainer(engine, containerName(stepId)));
}

/** True where the container has outlived its attached process, and all that the process stood for can be had without. */
function canFollow(found: EarlierWrapper, state: ContainerState | null, { stdin = "" }: StepSpec): boolean {
  // Nobody can say how much of its stdin it was given.
  if (state === null || state.status === "created" || stdin !== "") return false;
  if (state.status === "running" || state.status === "paused") return true;
  // A container that a reboot has ended looks as one that ended by itself.
  return found.state === "lost" && found.noted !== null && isOfThisBoot(found.noted);
}

async function follow(options: TakeUp, step: Omit<AttachedStep, "wrapper">): Promise<RunningStep> {
  const { tools, spec } = options;
  const { folder } = step;
  await endAttached(options);
  folder.renew();
  const { program } = await tools.engine.find();
  const command = followLogs(tools.sh, program, containerName(spec.stepId), folder);
  const wrapper = spawnAttached(tools, spec.stepId, folder, { command, env: {} });
  return watchAttached(tools, { ...step, wrapper });
}
