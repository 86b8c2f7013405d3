// Files kept with runs: their names and sizes. The files themselves are not in the database.

import type { Artifact } from "../../core/run.ts";
import type { ArtifactReader } from "../reads.ts";
import type { ArtifactWrite, StoredArtifact } from "../writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

export const artifactWrites: WriteStatements<ArtifactWrite["type"]> = {
  "artifact.put": {
    sql: `INSERT INTO artifacts (run_id, name, number, bytes, created_at) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (run_id, name) DO UPDATE SET
        number = excluded.number, bytes = excluded.bytes, created_at = excluded.created_at`,
    bind: ({ runId, artifact: { name, number, bytes, createdAt } }) => [runId, name, number, bytes, createdAt],
  },
};

interface ArtifactRow {
  readonly run_id: string;
  readonly name: string;
  readonly number: number;
  readonly bytes: number;
  readonly created_at: number;
}

const columns = "run_id, name, number, bytes, created_at";

/** The artifacts of each of these runs in order of their host calls; a run without any is absent. */
export function findArtifacts(db: ReadConnection, runIds: readonly string[]): ReadonlyMap<string, readonly Artifact[]> {
  const rows = db.all<ArtifactRow>(
    `SELECT ${columns} FROM artifacts
      WHERE run_id IN (SELECT value FROM json_each(?)) ORDER BY run_id, number`,
    JSON.stringify(runIds),
  );
  const byRun = new Map<string, Artifact[]>();
  for (const { run_id: runId, name, bytes, created_at: createdAt } of rows) {
    const artifacts = byRun.get(runId) ?? [];
    byRun.set(runId, artifacts);
    artifacts.push({ name, bytes, createdAt });
  }
  return byRun;
}

export class SqliteArtifactReader implements ArtifactReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async find(runId: string, name: string): Promise<StoredArtifact | undefined> {
    const row = this.#db.get<ArtifactRow>(
      `SELECT ${columns} FROM artifacts WHERE run_id = ? AND name = ?`,
      runId,
      name,
    );
    return row && toStored(row);
  }

  async list(runId: string): Promise<readonly StoredArtifact[]> {
    const sql = `SELECT ${columns} FROM artifacts WHERE run_id = ? ORDER BY number`;
    return this.#db.all<ArtifactRow>(sql, runId).map(toStored);
  }

  async withoutRun(runIds: readonly string[]): Promise<readonly string[]> {
    const sql = "SELECT value AS id FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = value)";
    return this.#db.all<{ readonly id: string }>(sql, JSON.stringify(runIds)).map(({ id }) => id);
  }
}

function toStored({ name, number, bytes, created_at: createdAt }: ArtifactRow): StoredArtifact {
  return { name, number, bytes, createdAt };
}
