// Removing what is too old, and giving the space back: in transactions small enough that nobody waits for them.

import type { EndedRun, RunEndPlace, StayingRuns, UpkeepReader } from "../reads.ts";
import type { UpkeepWrite } from "../writes.ts";
import { migrations } from "./migrations/migrations.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatement, WriteStatements } from "./write-statement.ts";

/**
 * Rows that one trim removes: about a millisecond's work, as good as independent of their size, since the pages of a
 * large value are freed without being read.
 */
const trimmedRows = 100;
/** 1 MiB, with pages of 4 KiB. */
const returnedPages = 256;

type Trim = Extract<UpkeepWrite, { readonly type: `run.trim_${string}` }>;

/** The last rows of an ended run in one table. */
function trim(table: string, key: string, condition = "true"): WriteStatement<Trim> {
  return {
    sql: `DELETE FROM ${table} WHERE run_id = ?1 AND ${key} IN (SELECT ${key} FROM ${table}
      WHERE run_id = (SELECT id FROM runs WHERE id = ?1 AND finished_at IS NOT NULL) AND ${condition}
      ORDER BY ${key} DESC LIMIT ${trimmedRows})`,
    bind: ({ id }) => [id],
  };
}

export const upkeepWrites: WriteStatements<UpkeepWrite["type"]> = {
  // What belongs to the run goes with it, by a trigger of the schema.
  "run.remove": {
    sql: "DELETE FROM runs WHERE id = ? AND finished_at IS NOT NULL",
    bind: ({ id }) => [id],
  },
  "run.trim_log": trim("log_entries", "seq"),
  "run.trim_outcomes": trim("journal_outcomes", "number"),
  // An outcome refers to its call, so a call goes when its outcome has gone.
  "run.trim_calls": trim(
    "journal_calls",
    "number",
    "number > coalesce((SELECT max(number) FROM journal_outcomes WHERE run_id = ?1), 0)",
  ),
  "run.trim_deliveries": trim("journal_deliveries", "seq"),
  "run.trim_observations": trim("journal_observations", "ordinal"),
  "space.give_back": { sql: `PRAGMA incremental_vacuum(${returnedPages})`, bind: () => [] },
  "space.probe": { sql: `PRAGMA user_version = ${migrations.length}`, bind: () => [] },
};

interface EndedRunRow {
  readonly id: string;
  readonly finished_at: number;
  readonly rows: number;
  readonly has_artifacts: 0 | 1;
}

const ended = "FROM runs WHERE finished_at IS NOT NULL";

/** A bound: numbers of entries are never used twice, but some are left out. */
const aboutRows = [
  "SELECT max(seq) FROM log_entries",
  "SELECT max(number) FROM journal_calls",
  "SELECT max(number) FROM journal_outcomes",
  "SELECT max(seq) FROM journal_deliveries",
  "SELECT max(ordinal) FROM journal_observations",
]
  .map((newest) => `coalesce((${newest} WHERE run_id = runs.id), 0)`)
  .join(" + ");

export class SqliteUpkeepReader implements UpkeepReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async oldestEnded(limit: number): Promise<readonly EndedRun[]> {
    return this.#db
      .all<EndedRunRow>(
        `SELECT id, finished_at, ${aboutRows} AS rows,
            EXISTS (SELECT 1 FROM artifacts WHERE run_id = runs.id) AS has_artifacts
          ${ended} ORDER BY finished_at, id LIMIT ?`,
        limit,
      )
      .map(toEndedRun);
  }

  async surplusOf(
    pipeline: string,
    { endedSince, newest, newestSucceeded }: StayingRuns,
    limit: number,
  ): Promise<readonly EndedRun[]> {
    return this.#db
      .all<EndedRunRow>(
        `SELECT id, finished_at, ${aboutRows} AS rows,
            EXISTS (SELECT 1 FROM artifacts WHERE run_id = runs.id) AS has_artifacts
          FROM runs INDEXED BY runs_by_pipeline WHERE pipeline = ?1 AND finished_at IS NOT NULL
            AND (finished_at < ?2 OR id < (SELECT id FROM runs WHERE pipeline = ?1 AND finished_at IS NOT NULL
              ORDER BY id DESC LIMIT 1 OFFSET ?3 - 1))
            AND id NOT IN (SELECT id FROM runs WHERE pipeline = ?1 AND status = 'succeeded' ORDER BY id DESC LIMIT ?4)
          ORDER BY id LIMIT ?5`,
        pipeline,
        endedSince ?? Number.MIN_SAFE_INTEGER,
        newest ?? Number.MAX_SAFE_INTEGER,
        newestSucceeded,
        limit,
      )
      .map(toEndedRun);
  }

  async skipEnded(from: RunEndPlace | null, count: number): Promise<RunEndPlace | null> {
    const newest = from ?? { endedAt: Number.MAX_SAFE_INTEGER, id: "" };
    return (
      this.#db.get<RunEndPlace>(
        `SELECT finished_at AS endedAt, id ${ended} AND (finished_at, id) < (?, ?)
          ORDER BY finished_at DESC, id DESC LIMIT 1 OFFSET ?`,
        newest.endedAt,
        newest.id,
        count - 1,
      ) ?? null
    );
  }

  async endsAround(at: number): Promise<{ readonly before: number | null; readonly after: number | null }> {
    return (
      this.#db.get<{ before: number | null; after: number | null }>(
        `SELECT (SELECT max(finished_at) ${ended} AND finished_at < ?1) AS before,
          (SELECT min(finished_at) ${ended} AND finished_at >= ?1) AS after`,
        at,
      ) ?? { before: null, after: null }
    );
  }

  async freeSpace(): Promise<{ readonly bytes: number; readonly fileBytes: number }> {
    const read = (pragma: string): number =>
      Object.values(this.#db.get<Record<string, number>>(`PRAGMA ${pragma}`) ?? {})[0] ?? 0;
    const pageBytes = read("page_size");
    return { bytes: read("freelist_count") * pageBytes, fileBytes: read("page_count") * pageBytes };
  }
}

function toEndedRun(row: EndedRunRow): EndedRun {
  return { id: row.id, endedAt: row.finished_at, rows: row.rows, hasArtifacts: row.has_artifacts === 1 };
}
