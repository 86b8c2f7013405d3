// A run as JSON: the shape of the HTTP API and of every --json, snake_case with RFC 3339 times.

import type { JsonValue } from "../core/json.ts";
import type { Run, RunStatus, Step, StepStatus } from "../core/run.ts";

export interface StepJson {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly status: StepStatus;
  readonly code: number | null;
  readonly attempts: number;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

export interface RunJson {
  readonly id: string;
  readonly pipeline: string;
  readonly trigger: string;
  readonly status: RunStatus;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly result: JsonValue;
  readonly rerun_of: string | null;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
    readonly file: string | null;
    readonly line: number | null;
  } | null;
  readonly steps: readonly StepJson[];
}

export function toRunJson(run: Run): RunJson {
  return {
    id: run.id,
    pipeline: run.pipeline,
    trigger: run.trigger,
    status: run.status,
    created_at: new Date(run.createdAt).toISOString(),
    started_at: toTime(run.startedAt),
    finished_at: toTime(run.finishedAt),
    result: run.result,
    rerun_of: run.rerunOf,
    error: run.error,
    steps: run.steps.map(toStepJson),
  };
}

function toStepJson(step: Step): StepJson {
  const { id, name, kind, status, code, attempts } = step;
  const times = { started_at: toTime(step.startedAt), finished_at: toTime(step.finishedAt) };
  return { id, name, kind, status, code, attempts, ...times };
}

function toTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
