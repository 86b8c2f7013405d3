// A database with many copies of one unfinished run, made by SQL instead of by starting each of them.

import { Database } from "bun:sqlite";

const details = [
  "steps",
  "journal_calls",
  "journal_outcomes",
  "journal_deliveries",
  "journal_observations",
  "log_entries",
] as const;

/** Adds `count` runs that differ from the one there is in nothing but their ids, which are UUIDv7 in order. */
export function multiplyRun(path: string, count: number): void {
  const db = new Database(path, { readwrite: true });
  db.run("PRAGMA synchronous = OFF");
  const { id } = db.query("SELECT id FROM runs").get() as { readonly id: string };
  db.transaction(() => {
    db.run("CREATE TEMP TABLE copies (id TEXT PRIMARY KEY)");
    db.run(
      `WITH RECURSIVE numbered (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbered WHERE n < ?1)
        INSERT INTO copies SELECT substr(?2, 1, 24) || printf('%012x', n) FROM numbered`,
      [count, id],
    );
    for (const table of ["runs", ...details]) {
      const key = table === "runs" ? "id" : "run_id";
      const columns = (db.query(`PRAGMA table_info(${table})`).all() as readonly { readonly name: string }[])
        .map(({ name }) => `"${name}"`)
        .filter((name) => name !== `"${key}"`);
      db.run(
        `INSERT INTO ${table} (${key}, ${columns.join(", ")})
          SELECT copies.id, ${columns.map((name) => `original.${name}`).join(", ")}
          FROM copies JOIN ${table} AS original ON original.${key} = ?`,
        [id],
      );
    }
  })();
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}
