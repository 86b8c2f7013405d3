// Jobs of runs: how they are written, and read together with their runs. The end of a run ends them, by a trigger.

import type { Job, RunStatus, Step } from "../../core/run.ts";
import type { JobWrite } from "../job-writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

export const jobWrites: WriteStatements<JobWrite["type"]> = {
  "job.declare": {
    sql: `INSERT INTO jobs (run_id, name, place, needs, status)
      SELECT ?1, value ->> 'name', key + (SELECT count(*) FROM jobs WHERE run_id = ?1), value -> 'needs', 'queued'
        FROM json_each(?2) WHERE true
      ON CONFLICT DO NOTHING`,
    bind: ({ runId, jobs }) => [runId, JSON.stringify(jobs)],
  },
  "job.begin": {
    sql: "UPDATE jobs SET status = 'running', started_at = ? WHERE run_id = ? AND name = ? AND status = 'queued'",
    bind: ({ at, runId, name }) => [at, runId, name],
  },
  "job.end": {
    sql: `UPDATE jobs SET status = ?, message = ?, finished_at = ?
      WHERE run_id = ? AND name = ? AND finished_at IS NULL`,
    bind: ({ status, message, at, runId, name }) => [status, message, at, runId, name],
  },
};

interface JobRow {
  readonly run_id: string;
  readonly name: string;
  readonly needs: string;
  readonly status: RunStatus;
  readonly message: string | null;
  readonly started_at: number | null;
  readonly finished_at: number | null;
}

/** The jobs of each of these runs as they were declared; a run without any is absent. */
export function findJobs(
  db: ReadConnection,
  runIds: readonly string[],
  steps: ReadonlyMap<string, readonly Step[]>,
): ReadonlyMap<string, readonly Job[]> {
  const rows = db.all<JobRow>(
    `SELECT run_id, name, needs, status, message, started_at, finished_at FROM jobs
      WHERE run_id IN (SELECT value FROM json_each(?)) ORDER BY run_id, place`,
    JSON.stringify(runIds),
  );
  const byRun = Map.groupBy(rows, (row) => row.run_id);
  return new Map(
    [...byRun].map(([runId, group]) => {
      const waiting = findWaiting(steps.get(runId) ?? []);
      return [runId, group.map((row) => toJob(row, waiting))];
    }),
  );
}

/** The jobs with open steps that all wait. */
function findWaiting(steps: readonly Step[]): ReadonlySet<string> {
  const open = steps.filter(({ job, kind, finishedAt }) => job !== null && kind !== "block" && finishedAt === null);
  const working = new Set(open.filter(({ status }) => status !== "waiting").map(({ job }) => job));
  return new Set(open.flatMap(({ job }) => (job === null || working.has(job) ? [] : [job])));
}

function toJob(row: JobRow, waiting: ReadonlySet<string>): Job {
  return {
    name: row.name,
    status: row.status === "running" && waiting.has(row.name) ? "waiting" : row.status,
    needs: JSON.parse(row.needs) as Job["needs"],
    message: row.message,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
