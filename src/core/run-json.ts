// A run as JSON, for the HTTP API and every --json: snake_case, times as RFC 3339 in UTC with milliseconds.

import type { JsonValue } from "./json.ts";
import type { Artifact, Job, Run, RunStatus, Step, StepKind, StepStatus, Trigger } from "./run.ts";
import { formatStepId } from "./step-id.ts";

export interface StepJson {
  readonly id: string;
  readonly name: string;
  readonly kind: StepKind;
  readonly status: StepStatus;
  readonly code: number | null;
  readonly attempts: number;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly message: string | null;
  readonly until: string | null;
  readonly run_id: string | null;
  readonly job: string | null;
}

export interface JobJson {
  readonly name: string;
  readonly status: RunStatus;
  readonly needs: readonly string[];
  /** Ids of its steps. */
  readonly steps: readonly string[];
  readonly message: string | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

export interface ArtifactJson {
  readonly name: string;
  readonly bytes: number;
  readonly created_at: string;
}

export interface RunErrorJson {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly file: string | null;
  readonly line: number | null;
}

export interface RunJson {
  readonly id: string;
  readonly pipeline: string;
  readonly trigger: Trigger;
  readonly status: RunStatus;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly result: JsonValue | null;
  readonly rerun_of: string | null;
  readonly triggered_by: Trigger;
  readonly parent: { readonly run_id: string; readonly step_id: string } | null;
  readonly after: string | null;
  readonly scheduled_at: string | null;
  readonly wake_at: string | null;
  readonly error: RunErrorJson | null;
  readonly steps: readonly StepJson[];
  /** Empty where its script told of none. */
  readonly jobs: readonly JobJson[];
  readonly artifacts: readonly ArtifactJson[];
}

export function runToJson(run: Run): RunJson {
  const stepsOf = Map.groupBy(run.steps, ({ job }) => job);
  return {
    id: run.id,
    pipeline: run.pipeline,
    trigger: run.trigger,
    status: run.status,
    created_at: timeToJson(run.createdAt),
    started_at: maybeTime(run.startedAt),
    finished_at: maybeTime(run.finishedAt),
    result: run.result,
    rerun_of: run.rerunOf,
    triggered_by: run.triggeredBy,
    parent: run.parent && { run_id: run.parent.runId, step_id: formatStepId(run.parent) },
    after: run.after,
    scheduled_at: maybeTime(run.scheduledAt),
    wake_at: maybeTime(run.wakeAt),
    error: run.error === null ? null : errorToJson(run.error),
    steps: run.steps.map(stepToJson),
    jobs: run.jobs.map((job) => jobToJson(job, stepsOf.get(job.name) ?? [])),
    artifacts: run.artifacts.map(artifactToJson),
  };
}

/** RFC 3339 of milliseconds since the Unix epoch. */
export function timeToJson(atMs: number): string {
  return new Date(atMs).toISOString();
}

function maybeTime(atMs: number | null): string | null {
  return atMs === null ? null : timeToJson(atMs);
}

function errorToJson({ code, message, hint, file, line }: NonNullable<Run["error"]>): RunErrorJson {
  return { code, message, hint, file, line };
}

function artifactToJson({ name, bytes, createdAt }: Artifact): ArtifactJson {
  return { name, bytes, created_at: timeToJson(createdAt) };
}

function stepToJson(step: Step): StepJson {
  return {
    id: step.id,
    name: step.name,
    kind: step.kind,
    status: step.status,
    code: step.code,
    attempts: step.attempts,
    started_at: maybeTime(step.startedAt),
    finished_at: maybeTime(step.finishedAt),
    message: step.message,
    until: maybeTime(step.until),
    run_id: step.runId,
    job: step.job,
  };
}

function jobToJson({ name, status, needs, message, startedAt, finishedAt }: Job, steps: readonly Step[]): JobJson {
  return {
    name,
    status,
    needs,
    steps: steps.map(({ id }) => id),
    message,
    started_at: maybeTime(startedAt),
    finished_at: maybeTime(finishedAt),
  };
}
