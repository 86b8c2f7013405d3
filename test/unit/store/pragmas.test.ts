// The PRAGMAs that durability and safety rest on, as the connections themselves report them.

import { Database } from "bun:sqlite";
import { writeFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { CommitWriter } from "../../../src/store/sqlite/commit-writer.ts";
import { applyPragmas, readerPragmas, writerPragmas } from "../../../src/store/sqlite/pragmas.ts";
import { ReadConnection } from "../../../src/store/sqlite/read-connection.ts";
import { rejection, withDatabase } from "./store-files.ts";

test("the writer is in WAL mode, syncs fully, checks foreign keys and trusts no schema", () => {
  expect(writerPragmas).toMatchObject({ journal_mode: "wal", synchronous: 2, foreign_keys: 1, trusted_schema: 0 });
});

test("every PRAGMA of both kinds of connection holds once applied", async () => {
  await withDatabase(async (path) => {
    const db = new Database(path);
    for (const pragmas of [writerPragmas, readerPragmas]) {
      applyPragmas(db, path, pragmas);
      for (const [name, wanted] of Object.entries(pragmas)) {
        expect([name, db.query(`PRAGMA ${name}`).values()[0]?.[0] ?? 0]).toEqual([name, wanted]);
      }
    }
    db.close();
  });
});

test("a PRAGMA that does not hold is an error that names it", async () => {
  const db = new Database(":memory:");
  // A database in memory has no write-ahead log, and SQLite says nothing about it.
  expect(() => applyPragmas(db, "/x.db", { journal_mode: "wal" })).toThrow("PRAGMA journal_mode is memory");
});

test("a new database can give space back without being rewritten", async () => {
  await withDatabase(async (path) => {
    writeFileSync(path, "");
    new CommitWriter(path).close();
    const db = new Database(path, { readonly: true });
    expect(db.query("PRAGMA auto_vacuum").values()).toEqual([[2]]);
    db.close();
  });
});

test("the reading connection cannot write", async () => {
  await withDatabase(async (path) => {
    writeFileSync(path, "");
    const writer = new CommitWriter(path);
    const reader = new ReadConnection(path);
    const write = async () => reader.all("INSERT INTO stored_values VALUES ('p', 'k', '1')");
    expect(await rejection(write())).toMatchObject({
      code: "STORE_UNAVAILABLE",
      details: { sqlite: "SQLITE_READONLY" },
    });
    reader.close();
    writer.close();
  });
});
