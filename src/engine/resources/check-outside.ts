// One look at a resource outside of any run: which versions there are now, by the same type as in a run.

import { AppError } from "../../core/app-error.ts";
import type { ResourceConfig } from "../../core/pipeline-config.ts";
import { isResourceVersion, type ResourceVersion } from "../../core/resource-version.ts";
import type { Executor, RunningStep, StepOutcome } from "../../executors/executors.ts";
import {
  checkResource,
  fillVars,
  findGiven,
  isGiven,
  type ResourceStep,
  type ResourceStepEnd,
  SecretValue,
  type VarRef,
  type VarValue,
} from "../../pipelines/pipelines.ts";
import type { Bundle } from "../../store/store.ts";
import type { ConfiguredVars } from "../configured-vars.ts";
import { resolveText, type SecretScope } from "../secret-text.ts";

export interface CheckParts {
  readonly executor: Pick<Executor, "start" | "discard" | "endRun">;
  readonly secrets: SecretScope["secrets"];
  readonly vars: ConfiguredVars;
  readonly newId: () => string;
}

export interface Checked {
  readonly pipeline: string;
  /** The script that the resource is of: it names its secrets. */
  readonly bundle: Pick<Bundle, "code">;
  readonly resource: ResourceConfig;
  /** The newest that is known. */
  readonly from: ResourceVersion | null;
  readonly now: number;
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

const timeoutMs = 60_000;
const maxOutputBytes = 1024 * 1024;
const shownOutput = 500;

/** Oldest first. @throws whatever says why it cannot be seen. */
export async function checkOutside(checked: Checked, parts: CheckParts): Promise<readonly ResourceVersion[]> {
  const { resource, from, now } = checked;
  const find = (ref: VarRef): VarValue => findVar(ref, parts.vars);
  if (resource.version !== undefined) {
    const pinned = fillVars(resource.version, find);
    if (isResourceVersion(pinned)) return [pinned];
    throw new AppError("VALIDATION_FAILED", "its version has a var that is no text of runner.toml");
  }
  const source = fillVars(resource.source, find);
  const run = async (step: ResourceStep): Promise<ResourceStepEnd> => await execute(step, checked, parts);
  return await checkResource({ type: resource.type, source, from, now, run });
}

/** Of runner.toml, else a secret: nobody is there who could give another. @throws {AppError} VALIDATION_FAILED. */
function findVar(ref: VarRef, vars: ConfiguredVars): VarValue {
  if (isGiven(ref, vars)) return findGiven(ref, vars, (message) => new AppError("VALIDATION_FAILED", message));
  return new SecretValue(`${ref.source ?? "secret"}:${ref.name}`);
}

async function outcomeOf(step: RunningStep, signal: AbortSignal): Promise<StepOutcome> {
  const cancel = (): void => step.cancel();
  signal.addEventListener("abort", cancel);
  if (signal.aborted) cancel();
  return await step.outcome.finally(() => signal.removeEventListener("abort", cancel));
}

async function execute(
  { command, env }: ResourceStep,
  { pipeline, bundle, signal }: Checked,
  { executor, secrets, newId }: CheckParts,
): Promise<ResourceStepEnd> {
  const runId = newId();
  const stepId = `${runId}.1`;
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    texts[name] =
      typeof value === "string" ? value : (await resolveText(value, name, { secrets, pipeline, bundle })).text;
  }
  const output: Record<"stdout" | "stderr", Uint8Array[]> = { stdout: [], stderr: [] };
  let bytes = 0;
  try {
    const step = await executor.start(
      { stepId, runId, pipeline, command, env: texts, timeoutMs },
      {
        onOutput: (piece) => {
          bytes += piece.bytes.length;
          if (bytes <= maxOutputBytes) output[piece.stream].push(piece.bytes.slice());
        },
        onNote: () => {},
      },
    );
    const { code, message } = await outcomeOf(step, signal);
    const [stdout, stderr] = [output.stdout, output.stderr].map((pieces) => Buffer.concat(pieces).toString("utf8"));
    if (bytes > maxOutputBytes) throw new AppError("VALUE_TOO_LARGE", "its check writes more than 1 MiB");
    return {
      code,
      stdout: stdout ?? "",
      stderr: (stderr ?? "").slice(-shownOutput),
      ...(message === null ? {} : { message }),
    };
  } finally {
    await executor.discard(stepId);
    await executor.endRun(runId);
  }
}
