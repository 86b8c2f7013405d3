// The process of this machine that is attached to what runs in a container: the engine's command, in a wrapper whose
// output and exit status go to files, as those of a process step do.

import type { Clock } from "../../core/clock.ts";
import type { OutputStream, RunningStep, StepListener, StepSpec, TakenOutput } from "../executor.ts";
import { ProcessStep, type StepControl } from "../process/process-step.ts";
import { SpawnedWrapper } from "../process/spawned-wrapper.ts";
import type { SpoolFolder } from "../process/spool-folder.ts";
import { stepIdVariable } from "../process/step-environment.ts";
import type { EndReason } from "../process/step-outcome.ts";
import type { WrapperProcess } from "../process/wrapper-process.ts";
import type { ContainerEngine } from "./container-engine.ts";

/** What every step in a container needs of its executor. */
export interface ContainerTools {
  readonly engine: ContainerEngine;
  readonly spoolDir: string;
  readonly clock: Clock;
  readonly graceMs: number;
  readonly maxOutputBytes: number;
  readonly sh: string;
  readonly warn: (message: string) => void;
}

/** What the engine's commands carry as their step's id: not that of the processes in the container, which root sees too. */
export function engineMark(stepId: string): string {
  return `${stepId}@engine`;
}

export interface AttachedCommand {
  readonly command: readonly string[];
  /** Beside the engine's own. */
  readonly env: Readonly<Record<string, string>>;
}

/** @throws {AppError} STEP_NOT_STARTED when the system refuses. */
export function spawnAttached(
  { engine, sh, clock, warn }: ContainerTools,
  stepId: string,
  folder: SpoolFolder,
  { command, env: given }: AttachedCommand,
): WrapperProcess {
  const env = { ...given, [stepIdVariable]: engineMark(stepId), ...engine.env };
  return new SpawnedWrapper({ command: { sh, command, env, workDir: folder.paths.workDir }, folder, clock, warn });
}

export interface AttachedStep {
  readonly spec: StepSpec;
  readonly folder: SpoolFolder;
  readonly wrapper: WrapperProcess;
  readonly control: StepControl;
  readonly onOutput: StepListener["onOutput"];
  readonly spentMs: number;
  /** Of an earlier life. */
  readonly taken?: Readonly<Record<OutputStream, TakenOutput>>;
  readonly reason?: EndReason | null;
}

export function watchAttached(tools: ContainerTools, { spec, ...step }: AttachedStep): RunningStep {
  const { graceMs, maxOutputBytes, clock, warn } = tools;
  const { stepId, timeoutMs } = spec;
  const limits = { timeoutMs, graceMs, maxOutputBytes };
  return new ProcessStep({ ...step, stepId, ...limits, hasSteadyFiles: true, clock, warn });
}
