// Runs: how they are written and read. Their steps are in steps.ts.

import { AppError } from "../../core/app-error.ts";
import type { JsonValue } from "../../core/json.ts";
import type { Run, RunError, RunStatus, Trigger } from "../../core/run.ts";
import type { RunPage, RunQuery, RunReader } from "../reads.ts";
import type { NewRun, RunWrite } from "../writes.ts";
import { findArtifacts } from "./artifacts.ts";
import type { ReadConnection } from "./read-connection.ts";
import { formatCursor, parseCursor } from "./run-cursor.ts";
import { findSteps } from "./steps.ts";
import type { WriteStatements } from "./write-statement.ts";

const unfinished = "('queued', 'running', 'waiting')";

export const runWrites: WriteStatements<RunWrite["type"]> = {
  "run.create": {
    sql: `INSERT INTO runs (id, pipeline, status, trigger, bundle_hash, inbound_id, rerun_of, created_at, params, args)
      VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?)`,
    bind: ({ run }) => [
      run.id,
      run.pipeline,
      run.trigger,
      run.bundleHash,
      run.inboundId,
      run.rerunOf,
      run.createdAt,
      JSON.stringify(run.params),
      JSON.stringify(run.args),
    ],
  },
  "run.start": {
    // A run that is started again, by replay, keeps the time it was first started.
    sql: `UPDATE runs SET status = 'running', started_at = coalesce(started_at, ?)
      WHERE id = ? AND status IN ${unfinished}`,
    bind: ({ at, id }) => [at, id],
    missed: ([, id]) => notUnfinished("start", String(id)),
  },
  "run.finish": {
    sql: `UPDATE runs SET status = ?, finished_at = ?, error = ?, result = ?
      WHERE id = ? AND status IN ${unfinished}`,
    bind: ({ status, at, error, result, id }) => [
      status,
      at,
      error === null ? null : JSON.stringify(error),
      result === null ? null : JSON.stringify(result),
      id,
    ],
    missed: (binds) => notUnfinished("finish", String(binds[4])),
  },
};

function notUnfinished(verb: string, id: string): AppError {
  return new AppError("RUN_ALREADY_ENDED", `cannot ${verb} run ${id}: it has ended, or was never created`, {
    details: { runId: id },
  });
}

interface RunRow {
  readonly id: string;
  readonly pipeline: string;
  readonly status: RunStatus;
  readonly trigger: Trigger;
  readonly rerun_of: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly error: string | null;
  readonly result: string | null;
}

interface NewRunRow {
  readonly id: string;
  readonly pipeline: string;
  readonly trigger: Trigger;
  readonly bundle_hash: string;
  readonly inbound_id: string | null;
  readonly rerun_of: string | null;
  readonly created_at: number;
  readonly params: string;
  readonly args: string;
}

const selectRun = `SELECT id, pipeline, status, trigger, rerun_of, created_at, started_at, finished_at, error, result
  FROM runs`;

export class SqliteRunReader implements RunReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async find(id: string): Promise<Run | undefined> {
    return this.#select(`${selectRun} WHERE id = ?`, id)[0];
  }

  async list({ pipeline, status, limit, cursor }: RunQuery): Promise<RunPage> {
    if (!Number.isInteger(limit) || limit < 1 || limit > 500) {
      throw new AppError("BAD_REQUEST", `cannot list ${limit} runs`, { hint: "limit is a whole number from 1 to 500" });
    }
    const filters: readonly (readonly [string, string | undefined])[] = [
      ["pipeline = ?", pipeline],
      ["status = ?", status],
      ["id < ?", cursor === undefined ? undefined : parseCursor(cursor)],
    ];
    const given = filters.filter((filter): filter is readonly [string, string] => filter[1] !== undefined);
    const where = given.length > 0 ? `WHERE ${given.map(([condition]) => condition).join(" AND ")}` : "";
    // One more than asked for tells whether there is a next page.
    const found = this.#select(
      `${selectRun} ${where} ORDER BY id DESC LIMIT ?`,
      ...given.map(([, value]) => value),
      limit + 1,
    );
    const runs = found.slice(0, limit);
    const last = runs.at(-1);
    return { runs, nextCursor: found.length > limit && last ? formatCursor(last.id) : null };
  }

  async findNew(id: string): Promise<NewRun | undefined> {
    const row = this.#db.get<NewRunRow>(
      `SELECT id, pipeline, trigger, bundle_hash, inbound_id, rerun_of, created_at, params, args FROM runs WHERE id = ?`,
      id,
    );
    return row && toNewRun(row);
  }

  async unfinished(): Promise<readonly string[]> {
    const rows = this.#db.all<{ id: string }>(`SELECT id FROM runs WHERE status IN ${unfinished} ORDER BY id`);
    return rows.map(({ id }) => id);
  }

  async latest(pipelines: readonly string[]): Promise<ReadonlyMap<string, Run>> {
    const newest = this.#db.snapshot(() =>
      pipelines.flatMap((pipeline) =>
        this.#select(`${selectRun} WHERE pipeline = ? ORDER BY id DESC LIMIT 1`, pipeline),
      ),
    );
    return new Map(newest.map((run) => [run.pipeline, run]));
  }

  #select(sql: string, ...binds: readonly (string | number)[]): readonly Run[] {
    return this.#db.snapshot(() => {
      const rows = this.#db.all<RunRow>(sql, ...binds);
      const ids = rows.map(({ id }) => id);
      const steps = findSteps(this.#db, ids);
      const artifacts = findArtifacts(this.#db, ids);
      return rows.map((row) => toRun(row, steps.get(row.id) ?? [], artifacts.get(row.id) ?? []));
    });
  }
}

function toRun(row: RunRow, steps: Run["steps"], artifacts: Run["artifacts"]): Run {
  return {
    id: row.id,
    pipeline: row.pipeline,
    trigger: row.trigger,
    status: row.status,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    result: row.result === null ? null : (JSON.parse(row.result) as JsonValue),
    rerunOf: row.rerun_of,
    error: row.error === null ? null : (JSON.parse(row.error) as RunError),
    steps,
    artifacts,
  };
}

function toNewRun(row: NewRunRow): NewRun {
  return {
    id: row.id,
    pipeline: row.pipeline,
    trigger: row.trigger,
    bundleHash: row.bundle_hash,
    params: JSON.parse(row.params) as NewRun["params"],
    args: JSON.parse(row.args) as NewRun["args"],
    inboundId: row.inbound_id,
    rerunOf: row.rerun_of,
    createdAt: row.created_at,
  };
}
