// Baseline for durability: one row per transaction, `synchronous=FULL`, one after the other. Prints the median in ms.

import { Database } from "bun:sqlite";
import { median } from "../statistics.ts";

/** A function that makes one durable commit of a small row. */
export function openCommits(path: string): () => void {
  const db = new Database(path);
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = FULL");
  db.run("CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, text TEXT)");
  const insert = db.prepare("INSERT INTO entry (text) VALUES (?)");
  return () => void insert.run("x".repeat(200));
}

if (import.meta.main) {
  const commit = openCommits(Bun.argv[2] ?? "");
  const times = Array.from({ length: 2000 }, () => {
    const startedAt = performance.now();
    commit();
    return performance.now() - startedAt;
  });
  console.log(JSON.stringify({ medianMs: median(times.slice(200)) }));
}
