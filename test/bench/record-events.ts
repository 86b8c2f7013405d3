// A database with many events that nobody has looked at yet, made by SQL instead of by so many runs.

import { Database } from "bun:sqlite";

/** As a step that has ended is told. */
const data = JSON.stringify({
  run_id: "0196b2e5-0000-7000-8000-000000000000",
  pipeline: "deploy",
  step_id: "0196b2e5-0000-7000-8000-000000000000.1",
  name: "build",
  kind: "process",
  status: "succeeded",
  attempts: 1,
  code: 0,
  message: null,
  duration_ms: 1234,
});

/** About the bytes of one as it is sent. */
export const sentBytes = data.length + 180;

/** Behind those there are, of the type `bench.made`. */
export function recordEvents(path: string, count: number): void {
  const db = new Database(path, { readwrite: true });
  db.run("PRAGMA synchronous = OFF");
  db.run(
    `WITH RECURSIVE numbered (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbered WHERE n < ?1)
      INSERT INTO events (id, type, created_at, data)
      SELECT 'evt_' || printf('%012x', ?2) || lower(hex(randomblob(8))), 'bench.made', ?2, ?3 FROM numbered`,
    [count, Date.now(), data],
  );
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}
