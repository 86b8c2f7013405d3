// Versions of resources: how they are written and read.

import type { ResourceVersion } from "../../core/resource-version.ts";
import type { KnownVersion, ListedVersion, ResourceReader } from "../resource-reads.ts";
import type { ResourceKey, ResourceWrite } from "../resource-writes.ts";
import type { ReadConnection } from "./read-connection.ts";
import type { WriteStatements } from "./write-statement.ts";

const ofKey = "pipeline = ?1 AND resource = ?2 AND scope = ?3";
const newestSeq = `(SELECT coalesce(max(seq), 0) FROM resource_versions WHERE ${ofKey})`;

export const resourceWrites: WriteStatements<ResourceWrite["type"]> = {
  // The last one is moved to the front where it was known: a branch may be set back to an older commit.
  "resource.found": {
    sql: `INSERT INTO resource_versions (pipeline, resource, scope, version, seq, found_at)
      SELECT ?1, ?2, ?3, value, ${newestSeq} + 1 + key, ?5 FROM json_each(?4) WHERE ?7 IS NULL
        OR ?7 = coalesce((SELECT version FROM resource_versions WHERE ${ofKey} ORDER BY seq DESC LIMIT 1), '')
      ON CONFLICT (pipeline, resource, scope, version) DO UPDATE SET seq = excluded.seq
        WHERE excluded.version = ?6 AND resource_versions.seq < ${newestSeq}`,
    bind: ({ pipeline, resource, scope, versions, from, at }) => {
      const texts = versions.map(textOf);
      const newest = from === undefined ? null : from === null ? "" : textOf(from);
      return [pipeline, resource, scope, JSON.stringify(texts), at, texts.at(-1) ?? "", newest];
    },
  },
  "resource.take": {
    sql: `INSERT INTO resource_cursors (pipeline, resource, scope, job, begun)
      SELECT ?1, ?2, ?3, ?4, seq FROM resource_versions WHERE ${ofKey} AND version = ?5
      ON CONFLICT DO UPDATE SET begun = max(begun, excluded.begun)`,
    bind: ({ pipeline, resource, scope, job, version }) => [pipeline, resource, scope, job, textOf(version)],
  },
  "resource.begin": {
    sql: `INSERT INTO resource_cursors (pipeline, resource, scope, job, begun) VALUES (?1, ?2, ?3, ?4, ?5)
      ON CONFLICT DO UPDATE SET begun = max(begun, excluded.begun)`,
    bind: ({ pipeline, resource, scope, job, seq }) => [pipeline, resource, scope, job, seq],
  },
  "resource.pass": {
    sql: `INSERT INTO resource_passes (pipeline, resource, scope, version, job, run_id) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET run_id = excluded.run_id`,
    bind: ({ pipeline, resource, scope, version, job, runId }) => [
      pipeline,
      resource,
      scope,
      textOf(version),
      job,
      runId,
    ],
  },
  "resource.trim": {
    sql: `DELETE FROM resource_versions WHERE ${ofKey} AND seq <=
      (SELECT seq FROM resource_versions WHERE ${ofKey} ORDER BY seq DESC LIMIT 1 OFFSET ?4)`,
    bind: ({ pipeline, resource, scope, keep }) => [pipeline, resource, scope, keep],
  },
};

/** The same version is the same text, in whatever order its parts were given. */
function textOf(version: ResourceVersion): string {
  return JSON.stringify(Object.fromEntries(Object.entries(version).sort(([a], [b]) => (a < b ? -1 : 1))));
}

interface VersionRow {
  readonly seq: number;
  readonly version: string;
}

interface ListedRow extends VersionRow {
  readonly found_at: number;
  readonly passed: string;
}

const hasPassed = `NOT EXISTS (SELECT 1 FROM json_each(?4) AS wanted WHERE NOT EXISTS (
  SELECT 1 FROM resource_passes AS pass WHERE pass.pipeline = ?1 AND pass.resource = ?2 AND pass.scope = ?3
    AND pass.version = resource_versions.version AND pass.job = wanted.value))`;

export class SqliteResourceReader implements ResourceReader {
  readonly #db: ReadConnection;

  constructor(db: ReadConnection) {
    this.#db = db;
  }

  async newest(
    { pipeline, resource, scope }: ResourceKey,
    passed: readonly string[],
  ): Promise<KnownVersion | undefined> {
    const row = this.#db.get<VersionRow>(
      `SELECT seq, version FROM resource_versions WHERE ${ofKey} AND ${hasPassed} ORDER BY seq DESC LIMIT 1`,
      pipeline,
      resource,
      scope,
      JSON.stringify(passed),
    );
    return row && toKnown(row);
  }

  async next(
    { pipeline, resource, scope }: ResourceKey,
    passed: readonly string[],
    afterSeq: number,
  ): Promise<KnownVersion | undefined> {
    const row = this.#db.get<VersionRow>(
      `SELECT seq, version FROM resource_versions WHERE ${ofKey} AND ${hasPassed} AND seq > ?5 ORDER BY seq LIMIT 1`,
      pipeline,
      resource,
      scope,
      JSON.stringify(passed),
      afterSeq,
    );
    return row && toKnown(row);
  }

  async cursor({ pipeline, resource, scope }: ResourceKey, job: string): Promise<number> {
    const row = this.#db.get<{ readonly begun: number }>(
      `SELECT begun FROM resource_cursors WHERE ${ofKey} AND job = ?4`,
      pipeline,
      resource,
      scope,
      job,
    );
    return row?.begun ?? 0;
  }

  async list({ pipeline, resource, scope }: ResourceKey, limit: number): Promise<readonly ListedVersion[]> {
    const rows = this.#db.all<ListedRow>(
      `SELECT seq, version, found_at, (SELECT json_group_array(json_object('job', job, 'runId', run_id) ORDER BY job)
          FROM resource_passes AS pass WHERE pass.pipeline = ?1 AND pass.resource = ?2 AND pass.scope = ?3
            AND pass.version = resource_versions.version) AS passed
        FROM resource_versions WHERE ${ofKey} ORDER BY seq DESC LIMIT ?4`,
      pipeline,
      resource,
      scope,
      limit,
    );
    return rows.map((row) => ({
      ...toKnown(row),
      foundAt: row.found_at,
      passed: JSON.parse(row.passed) as ListedVersion["passed"],
    }));
  }
}

function toKnown({ seq, version }: VersionRow): KnownVersion {
  return { seq, version: JSON.parse(version) as ResourceVersion };
}
