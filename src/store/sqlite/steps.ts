// Steps of runs: how they are written, and read together with their runs.

import type { JsonValue } from "../../core/json.ts";
import type { Step, StepKind, StepStatus } from "../../core/run.ts";
import { formatStepId, parseStepId } from "../../core/step-id.ts";
import type { KeptStep } from "../reads.ts";
import type { StepWrite } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

export const stepWrites: WriteStatements<StepWrite["type"]> = {
  "step.put": {
    sql: `INSERT INTO steps (run_id, number, name, kind, status, code, attempts, started_at, finished_at,
        message, until, child_run, job, progress, failed_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (run_id, number) DO UPDATE SET name = excluded.name, kind = excluded.kind, status = excluded.status,
        code = excluded.code, attempts = excluded.attempts, started_at = excluded.started_at,
        finished_at = excluded.finished_at, message = excluded.message, until = excluded.until,
        child_run = excluded.child_run, progress = excluded.progress,
        failed_at = coalesce(excluded.failed_at, failed_at)`,
    bind: ({ runId, step, progress, failedAt }) => [
      runId,
      parseStepId(step.id, runId).number,
      step.name,
      step.kind,
      step.status,
      step.code,
      step.attempts,
      step.startedAt,
      step.finishedAt,
      step.message,
      step.until,
      step.runId,
      step.job,
      progress === undefined ? null : JSON.stringify(progress),
      failedAt ?? null,
    ],
  },
};

interface StepRow {
  readonly run_id: string;
  readonly number: number;
  readonly name: string;
  readonly kind: StepKind;
  readonly status: StepStatus;
  readonly code: number | null;
  readonly attempts: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly message: string | null;
  readonly until: number | null;
  readonly child_run: string | null;
  readonly job: string | null;
}

const columns = `run_id, number, name, kind, status, code, attempts, started_at, finished_at, message, until, child_run, job`;

/** The steps of one run by the number of their host call, with what a restart needs to know. */
export function findKeptSteps(db: ReadConnection, runId: string): ReadonlyMap<number, KeptStep> {
  const rows = db.all<StepRow & { readonly progress: string | null }>(
    `SELECT ${columns}, progress FROM steps WHERE run_id = ?`,
    runId,
  );
  return new Map(
    rows.map((row) => [
      row.number,
      { step: toStep(row), progress: row.progress === null ? null : (JSON.parse(row.progress) as JsonValue) },
    ]),
  );
}

/** The steps of each of these runs in order of their host calls; a run without steps is absent. */
export function findSteps(db: ReadConnection, runIds: readonly string[]): ReadonlyMap<string, readonly Step[]> {
  const rows = db.all<StepRow>(
    `SELECT ${columns} FROM steps
      WHERE run_id IN (SELECT value FROM json_each(?)) ORDER BY run_id, number`,
    JSON.stringify(runIds),
  );
  return Map.groupBy(rows, (row) => row.run_id)
    .entries()
    .reduce((byRun, [runId, group]) => byRun.set(runId, group.map(toStep)), new Map<string, readonly Step[]>());
}

function toStep(row: StepRow): Step {
  return {
    id: formatStepId({ runId: row.run_id, number: row.number }),
    name: row.name,
    kind: row.kind,
    status: row.status,
    code: row.code,
    attempts: row.attempts,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    message: row.message,
    until: row.until,
    runId: row.child_run,
    job: row.job,
  };
}
