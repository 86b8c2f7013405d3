// The words of a run: its trigger, its states, its steps, its error. Shapes are those of the API in camelCase.

import type { ErrorCode } from "./app-error.ts";
import type { JsonValue } from "./json.ts";
import type { StepKey } from "./step-id.ts";

export const triggers = ["webhook", "manual", "schedule", "pipeline", "rerun"] as const;
export type Trigger = (typeof triggers)[number];

export const runStatuses = [
  "queued",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "cancelled",
  "timed_out",
  "skipped",
] as const;
export type RunStatus = (typeof runStatuses)[number];
export const finalRunStatuses = ["succeeded", "failed", "cancelled", "timed_out", "skipped"] as const;
export type FinalRunStatus = (typeof finalRunStatuses)[number];

export function isFinal(status: RunStatus): status is FinalRunStatus {
  return status !== "queued" && status !== "running" && status !== "waiting";
}

export const stepStatuses = ["queued", "running", "waiting", "succeeded", "failed", "cancelled", "timed_out"] as const;
export type StepStatus = (typeof stepStatuses)[number];

export const stepKinds = [
  "process",
  "container",
  "fetch",
  "sleep",
  "approval",
  "signal",
  "pipeline",
  "lock",
  "block",
] as const;
export type StepKind = (typeof stepKinds)[number];

/** Why a run did not succeed; `file` and `line` are the author's, where known. */
export interface RunError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
  readonly file: string | null;
  readonly line: number | null;
}

/** One step of a run. Times are milliseconds since the Unix epoch. */
export interface Step {
  /** `<run id>.<number of the host call>`. */
  readonly id: string;
  readonly name: string;
  readonly kind: StepKind;
  readonly status: StepStatus;
  readonly code: number | null;
  readonly attempts: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** What it waits for or what became of it, in words for people: an approval's question, why an attempt failed. */
  readonly message: string | null;
  /** When a waiting step goes on by itself: a sleep's end, an approval's expiry, the next attempt. */
  readonly until: number | null;
  /** The run that it started. */
  readonly runId: string | null;
  /** The job of the run that it is of. */
  readonly job: string | null;
}

/** A step that has not been begun. */
export function newStep(id: string, name: string, kind: StepKind, job: string | null = null): Step {
  return {
    id,
    name,
    kind,
    status: "queued",
    code: null,
    attempts: 0,
    startedAt: null,
    finishedAt: null,
    message: null,
    until: null,
    runId: null,
    job,
  };
}

/** One job of a run. Times are milliseconds since the Unix epoch. */
export interface Job {
  readonly name: string;
  /** Waiting where all its steps wait. */
  readonly status: RunStatus;
  /** Names of the jobs that come before it. */
  readonly needs: readonly string[];
  /** Why it ended as it did, for people. */
  readonly message: string | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** The end of a run that another one begins with, by its pipeline's `config.after`. */
export interface PrecedingRun {
  readonly runId: string;
  readonly pipeline: string;
  readonly status: FinalRunStatus;
  readonly result: JsonValue | null;
  readonly error: RunError | null;
}

/** Runs that start each other end here, before they fill the disk. */
export const maxRunDepth = 10;

/** A file kept with a run. */
export interface Artifact {
  /** Unique within its run; no path. */
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

/** One execution of one version of a pipeline. Times are milliseconds since the Unix epoch. */
export interface Run {
  /** UUIDv7. */
  readonly id: string;
  readonly pipeline: string;
  readonly trigger: Trigger;
  readonly status: RunStatus;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly result: JsonValue | null;
  readonly rerunOf: string | null;
  /** What began the first of these runs, where this one is a rerun; else the trigger. */
  readonly triggeredBy: Trigger;
  /** The step of another run that started this one and, where it is asked to, waits for it. */
  readonly parent: StepKey | null;
  /** The run with whose end this one begins, by `config.after`. */
  readonly after: string | null;
  /** The tick of its schedule that it is for. */
  readonly scheduledAt: number | null;
  /** When a waiting run goes on by itself; null where it waits for news alone. */
  readonly wakeAt: number | null;
  readonly error: RunError | null;
  readonly steps: readonly Step[];
  /** In the order they were declared. */
  readonly jobs: readonly Job[];
  /** In the order they were first saved. */
  readonly artifacts: readonly Artifact[];
}
