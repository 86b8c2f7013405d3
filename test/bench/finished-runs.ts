// A database with many finished runs, made by SQL in about a minute instead of by running them for hours.

import { Database } from "bun:sqlite";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommitWriter } from "../../src/store/sqlite/commit-writer.ts";
import { migrations } from "../../src/store/sqlite/migrations/migrations.ts";

const dayMs = 24 * 60 * 60 * 1000;
const runsAtOnce = 50_000;

/** Each run as a webhook with one step leaves it; `n` is its number. The ids are UUIDv7, in the order of their times. */
const tables: readonly string[] = [
  `INSERT INTO runs (id, pipeline, status, trigger, bundle_hash, inbound_id, created_at, started_at, finished_at, params,
      args, result)
    SELECT id, 'pipeline-' || (n % 10), CASE WHEN n % 20 = 0 THEN 'failed' ELSE 'succeeded' END, 'webhook', 'filled',
      'in-' || id, at, at + 2, at + 40, '{}', '[]', '{"code":0}' FROM numbered`,
  `INSERT INTO steps (run_id, number, name, kind, status, code, attempts, started_at, finished_at)
    SELECT id, 1, 'build', 'process', 'succeeded', 0, 1, at + 3, at + 30 FROM numbered`,
  `INSERT INTO journal_calls (run_id, number, kind, name, args_hash, started_at, args)
    SELECT id, 1, 'step', 'build', 'e3b0c44298fc1c14', at + 3, '{"name":"build","command":"make"}' FROM numbered`,
  `INSERT INTO journal_outcomes (run_id, number, ok, completed_at, value)
    SELECT id, 1, 1, at + 30, '{"code":0,"stdout":"built\\n","stderr":"","status":"complete"}' FROM numbered`,
  `INSERT INTO journal_deliveries (run_id, seq, call) SELECT id, 1, 1 FROM numbered`,
  `INSERT INTO log_entries (run_id, seq, at, source, level, step_number, step_name, byte_offset, bytes)
    SELECT id, 1, at + 10, 'stdout', 'info', 1, 'build', 0, CAST('built' || char(10) AS BLOB) FROM numbered`,
  `INSERT INTO log_entries (run_id, seq, at, source, level, text)
    SELECT id, 2, at + 39, 'console', 'info', 'done with everything' FROM numbered`,
  `INSERT INTO inbound_requests (id, pipeline, received_at, verdict, run_id, provider, event_type, method, url, headers,
      query, body)
    SELECT 'in-' || id, 'pipeline-' || (n % 10), at, 'accepted', id, 'github', 'push', 'POST', '/api/webhooks/x',
      '{"x-github-event":"push"}', '{}', zeroblob(200) FROM numbered`,
];

/** Fills a new file; the last run ended a minute ago, the first so many days. */
export function fillFinishedRuns(path: string, count: number, days = 60): void {
  writeFileSync(path, "");
  new CommitWriter(path).close();
  const db = new Database(path);
  // Not durable, and without the checks of a server at work: what breaks half-way is thrown away.
  for (const pragma of ["journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -200000"]) {
    db.run(`PRAGMA ${pragma}`);
  }
  db.run("INSERT INTO bundles (hash, code, source_map) VALUES ('filled', 'x', '{}')");
  const lastAt = Date.now() - 60_000;
  const stepMs = Math.max(1, Math.floor((days * dayMs) / count));
  for (let first = 0; first < count; first += runsAtOnce) {
    const last = Math.min(first + runsAtOnce, count) - 1;
    const numbered = `WITH RECURSIVE counted (n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM counted WHERE n < ${last}),
      timed AS (SELECT n, ${lastAt} - (${count} - n) * ${stepMs} AS at FROM counted),
      numbered AS (SELECT n, at,
        printf('%08x-%04x-7000-8000-%012x', at >> 16, at & 65535, n) AS id FROM timed) `;
    db.transaction(() => {
      for (const sql of tables) db.run(numbered + sql);
    })();
  }
  db.run("PRAGMA journal_mode = WAL");
  db.close();
}

/** A filled file that is kept for the next time, as long as the schema is the same. */
export function findFinishedRuns(count: number): string {
  const shape = createHash("sha256")
    .update(migrations.map(({ sql }) => sql).join("") + tables.join(""))
    .digest("hex")
    .slice(0, 12);
  const prefix = `runner-bench-finished-${count}-`;
  const path = join(tmpdir(), `${prefix}${shape}.db`);
  if (existsSync(path)) return path;
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(prefix))) rmSync(join(tmpdir(), name));
  const building = `${path}.${process.pid}`;
  fillFinishedRuns(building, count);
  renameSync(building, path);
  return path;
}
