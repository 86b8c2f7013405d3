// Runs: how they are written and read. Their steps are in steps.ts.

import { AppError } from "../../core/app-error.ts";
import type { JsonValue } from "../../core/json.ts";
import type { PrecedingRun, Run, RunError, RunStatus, Trigger } from "../../core/run.ts";
import { journalFormat } from "../journal-format.ts";
import type {
  AwaitedRun,
  KeptRun,
  KeyHolder,
  RunPage,
  RunQuery,
  RunReader,
  UnfinishedRun,
  WakeTime,
} from "../reads.ts";
import type { CancelRequest, NewRun, RunWrite } from "../writes.ts";
import { findArtifacts } from "./artifacts.ts";
import type { ReadConnection } from "./read-connection.ts";
import { findJobs } from "./jobs.ts";
import { formatCursor, parseCursor } from "./list-cursor.ts";
import { findSteps } from "./steps.ts";
import type { WriteStatements } from "./write-statement.ts";

const unfinished = "('queued', 'running', 'waiting')";

export const runWrites: WriteStatements<RunWrite["type"]> = {
  "run.create": {
    sql: `INSERT INTO runs (id, pipeline, status, trigger, bundle_hash, inbound_id, rerun_of, created_at, params, args,
        triggered_by, parent_run, parent_number, depth, priority, concurrency_key, scheduled_at, seed, after_run, after_end,
        script_run_id, target_jobs, begun_for, journal_format)
      VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${journalFormat})`,
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
      run.triggeredBy === run.trigger ? null : run.triggeredBy,
      run.parent?.runId ?? null,
      run.parent?.number ?? null,
      run.depth,
      run.priority,
      run.concurrencyKey,
      run.scheduledAt,
      run.seed === run.id ? null : run.seed,
      run.after?.runId ?? null,
      run.after === null ? null : JSON.stringify(run.after),
      run.scriptRunId === run.id ? null : run.scriptRunId,
      run.targetJobs.length === 0 ? null : JSON.stringify(run.targetJobs),
      run.begunFor.length === 0 ? null : JSON.stringify(run.begunFor),
    ],
  },
  "run.start": {
    // A run that is started again, by replay, keeps the time it was first started.
    sql: `UPDATE runs SET status = 'running', started_at = coalesce(started_at, ?1), changed_at = ?1, wake_at = NULL
      WHERE id = ?2 AND status IN ${unfinished}`,
    bind: ({ at, id }) => [at, id],
    missed: ([, id]) => notUnfinished("start", String(id)),
  },
  "run.wait": {
    sql: `UPDATE runs SET status = 'waiting', changed_at = ?, wake_at = ? WHERE id = ? AND status IN ${unfinished}`,
    bind: ({ at, wakeAt, id }) => [at, wakeAt, id],
    missed: ([, , id]) => notUnfinished("let wait", String(id)),
  },
  "run.wake": {
    sql: "UPDATE runs SET wake_at = min(coalesce(wake_at, ?1), ?1) WHERE id = ?2 AND status = 'waiting'",
    bind: ({ at, id }) => [at, id],
  },
  "run.cancel": {
    sql: `UPDATE runs SET cancel = ? WHERE id = ? AND status IN ${unfinished}`,
    bind: ({ cancel, id }) => [JSON.stringify(cancel), id],
    missed: ([, id]) => notUnfinished("cancel", String(id)),
  },
  "run.cancel_if_unfinished": {
    sql: `UPDATE runs SET cancel = ? WHERE id = ? AND status IN ${unfinished}`,
    bind: ({ cancel, id }) => [JSON.stringify(cancel), id],
  },
  "run.drop_queued": {
    sql: `UPDATE runs SET status = 'cancelled', finished_at = ?, error = ? WHERE id = ? AND status = 'queued'`,
    bind: ({ at, error, id }) => [at, JSON.stringify(error), id],
  },
  "run.begun_for": {
    sql: "UPDATE runs SET begun_for = ? WHERE id = ?",
    bind: ({ begunFor, id }) => [JSON.stringify(begunFor), id],
  },
  "run.finish": {
    sql: `UPDATE runs SET status = ?, finished_at = ?, error = ?, result = ?, wake_at = NULL
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
  readonly triggered_by: Trigger | null;
  readonly parent_run: string | null;
  readonly parent_number: number | null;
  readonly after_run: string | null;
  readonly scheduled_at: number | null;
  readonly wake_at: number | null;
}

interface KeptRunRow {
  readonly id: string;
  readonly pipeline: string;
  readonly trigger: Trigger;
  readonly bundle_hash: string;
  readonly inbound_id: string | null;
  readonly rerun_of: string | null;
  readonly created_at: number;
  readonly params: string;
  readonly args: string;
  readonly triggered_by: Trigger | null;
  readonly parent_run: string | null;
  readonly parent_number: number | null;
  readonly depth: number;
  readonly priority: number;
  readonly concurrency_key: string | null;
  readonly scheduled_at: number | null;
  readonly seed: string | null;
  readonly after_end: string | null;
  readonly script_run_id: string | null;
  readonly target_jobs: string | null;
  readonly begun_for: string | null;
  readonly status: RunStatus;
  readonly started_at: number | null;
  readonly wake_at: number | null;
  readonly cancel: string | null;
  readonly journal_format: number;
}

const selectRun = `SELECT id, pipeline, status, trigger, rerun_of, created_at, started_at, finished_at, error, result,
  triggered_by, parent_run, parent_number, after_run, scheduled_at, wake_at FROM runs`;

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
      ["id < ?", cursor === undefined ? undefined : parseCursor("run", cursor)],
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
    return { runs, nextCursor: found.length > limit && last ? formatCursor("run", last.id) : null };
  }

  async findKept(id: string): Promise<KeptRun | undefined> {
    const row = this.#db.get<KeptRunRow>(
      `SELECT id, pipeline, trigger, bundle_hash, inbound_id, rerun_of, created_at, params, args, triggered_by,
        parent_run, parent_number, depth, priority, concurrency_key, scheduled_at, seed, after_end, script_run_id, target_jobs,
        begun_for, status, started_at, wake_at, cancel, journal_format FROM runs WHERE id = ?`,
      id,
    );
    return row && toKeptRun(row);
  }

  async unfinished(): Promise<readonly UnfinishedRun[]> {
    const inStatus = (status: string): readonly UnfinishedRun[] =>
      this.#db.all<UnfinishedRun>(
        `SELECT id, pipeline, status, priority, concurrency_key AS concurrencyKey, depth FROM runs
          WHERE status = ? ORDER BY id`,
        status,
      );
    return [...inStatus("running"), ...inStatus("queued")].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async waitingWithKey(): Promise<readonly KeyHolder[]> {
    return this.#db.all<KeyHolder>(
      `SELECT id, concurrency_key AS concurrencyKey FROM runs
        WHERE status = 'waiting' AND concurrency_key IS NOT NULL ORDER BY id`,
    );
  }

  async nextWakes(limit: number): Promise<readonly WakeTime[]> {
    return this.#db.all<WakeTime>(
      `SELECT id, wake_at AS wakeAt FROM runs WHERE wake_at IS NOT NULL ORDER BY wake_at, id LIMIT ?`,
      limit,
    );
  }

  async awaitedRuns(parentId?: string): Promise<readonly AwaitedRun[]> {
    const [which, binds] = parentId === undefined ? [`status IN ${unfinished}`, []] : ["id = ?", [parentId]];
    const rows = this.#db.all<{ id: string; runId: string; number: number; endedAt: number | null }>(
      `SELECT children.id, steps.run_id AS runId, steps.number, children.finished_at AS endedAt
        FROM runs AS parents JOIN steps ON steps.run_id = parents.id JOIN runs AS children ON children.id = steps.child_run
        WHERE parents.${which} AND steps.kind = 'pipeline' AND steps.status = 'waiting'`,
      ...binds,
    );
    return rows.map(({ id, endedAt, ...parent }) => ({ id, parent, hasEnded: endedAt !== null }));
  }

  async forsakenRuns(): Promise<readonly string[]> {
    const rows = this.#db.all<{ id: string }>(
      `SELECT runs.id FROM runs JOIN steps ON steps.run_id = runs.parent_run AND steps.number = runs.parent_number
        WHERE runs.status IN ${unfinished} AND runs.cancel IS NULL AND steps.status = 'cancelled'`,
    );
    return rows.map((row) => row.id);
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
      const jobs = findJobs(this.#db, ids, steps);
      const artifacts = findArtifacts(this.#db, ids);
      return rows.map((row) => ({
        ...toRun(row),
        steps: steps.get(row.id) ?? [],
        jobs: jobs.get(row.id) ?? [],
        artifacts: artifacts.get(row.id) ?? [],
      }));
    });
  }
}

function toRun(row: RunRow): Omit<Run, "steps" | "jobs" | "artifacts"> {
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
    triggeredBy: row.triggered_by ?? row.trigger,
    parent: toParent(row),
    after: row.after_run,
    scheduledAt: row.scheduled_at,
    wakeAt: row.wake_at,
    error: row.error === null ? null : (JSON.parse(row.error) as RunError),
  };
}

function toParent(row: Pick<RunRow, "parent_run" | "parent_number">): Run["parent"] {
  const { parent_run: runId, parent_number: number } = row;
  return runId === null || number === null ? null : { runId, number };
}

function toKeptRun(row: KeptRunRow): KeptRun {
  return {
    run: toNewRun(row),
    status: row.status,
    startedAt: row.started_at,
    wakeAt: row.wake_at,
    cancel: row.cancel === null ? null : (JSON.parse(row.cancel) as CancelRequest),
    journalFormat: row.journal_format,
  };
}

function toNewRun(row: KeptRunRow): NewRun {
  return {
    id: row.id,
    pipeline: row.pipeline,
    trigger: row.trigger,
    bundleHash: row.bundle_hash,
    params: JSON.parse(row.params) as NewRun["params"],
    args: JSON.parse(row.args) as NewRun["args"],
    targetJobs: row.target_jobs === null ? [] : (JSON.parse(row.target_jobs) as NewRun["targetJobs"]),
    begunFor: row.begun_for === null ? [] : (JSON.parse(row.begun_for) as NewRun["begunFor"]),
    inboundId: row.inbound_id,
    rerunOf: row.rerun_of,
    createdAt: row.created_at,
    triggeredBy: row.triggered_by ?? row.trigger,
    parent: toParent(row),
    depth: row.depth,
    priority: row.priority,
    concurrencyKey: row.concurrency_key,
    scheduledAt: row.scheduled_at,
    seed: row.seed ?? row.id,
    after: row.after_end === null ? null : (JSON.parse(row.after_end) as PrecedingRun),
    scriptRunId: row.script_run_id ?? row.id,
  };
}
