// Schema versions: new files, old files, newer files, files of others.

import { Database } from "bun:sqlite";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { applicationId, checkIdentity, migrate } from "../../../src/store/sqlite/migrate.ts";
import { migrations } from "../../../src/store/sqlite/migrations/migrations.ts";
import { openStore, rejection, setValue, withDatabase } from "./store-files.ts";

function read(db: Database, pragma: string): unknown {
  return db.query(`PRAGMA ${pragma}`).values()[0]?.[0];
}

test("the versions of the migrations are 1, 2, 3, … in order", () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
});

test("a database made by an older version gets what it lacks and keeps what it has", () => {
  const db = new Database(":memory:");
  const first = { version: 1, sql: "CREATE TABLE a (x); INSERT INTO a VALUES (7);" };
  const second = { version: 2, sql: "ALTER TABLE a ADD COLUMN y DEFAULT 8; CREATE TABLE b (z);" };
  expect(migrate(db, [first])).toEqual([1]);
  expect(migrate(db, [first, second])).toEqual([2]);
  expect(migrate(db, [first, second])).toEqual([]);
  expect(db.query("SELECT x, y FROM a").values()).toEqual([[7, 8]]);
  expect(read(db, "user_version")).toBe(2);
});

test("a migration that fails in the middle leaves nothing behind, and the ones before it in force", () => {
  const db = new Database(":memory:");
  const broken = { version: 2, sql: "CREATE TABLE b (z); INSERT INTO nowhere VALUES (1);" };
  expect(() => migrate(db, [{ version: 1, sql: "CREATE TABLE a (x)" }, broken])).toThrow("nowhere");
  expect(read(db, "user_version")).toBe(1);
  expect(db.query("SELECT name FROM sqlite_schema").values()).toEqual([["a"]]);
});

test("a new file is recognized as new, and as ours once migrated", () => {
  const db = new Database(":memory:");
  expect(checkIdentity(db, "x", 1)).toBe(true);
  migrate(db, migrations);
  expect(checkIdentity(db, "x", migrations.length)).toBe(false);
  expect(read(db, "application_id")).toBe(applicationId);
});

test("requests that an earlier version recorded are on record with what is told of them now", () => {
  const db = new Database(":memory:");
  migrate(
    db,
    migrations.filter(({ version }) => version < 9),
  );
  const insert = db.query(
    `INSERT INTO inbound_requests (id, pipeline, received_at, verdict, reason, run_id, provider, event_type, method, url,
      headers, query, body) VALUES (?, 'deploy', 1, ?, ?, ?, 'github', 'push', 'POST', '/abc', '{}', '{}', x'00ff41')`,
  );
  insert.run("accepted", "accepted", null, "r");
  insert.run("forged", "refused", "signature_mismatch", null);
  insert.run("unwanted", "refused", "condition_false", null);
  insert.run("without a reason", "refused", null, null);
  migrate(db, migrations);
  expect(
    db.query("SELECT id, verified, coalesce(body_bytes, length(body)), kept_bytes FROM inbound_requests").values(),
  ).toEqual([
    ["accepted", 1, 3, 0],
    ["forged", 0, 3, 11],
    ["unwanted", 1, 3, 11],
    ["without a reason", 0, 3, 11],
  ]);
});

test("a database of a newer version is refused with both versions, and not changed", async () => {
  await withDatabase(async (path) => {
    await (await openStore(path)).close();
    const db = new Database(path);
    db.run("PRAGMA user_version = 999");
    db.close();
    const before = readFileSync(path);
    const error = await rejection(openStore(path));
    expect(error).toMatchObject({ code: "DATABASE_TOO_NEW" });
    expect(String(error)).toContain(`version 999, but this runner knows versions up to ${migrations.length}`);
    expect(readFileSync(path)).toEqual(before);
  });
});

test("a SQLite database of another program is refused and not changed", async () => {
  await withDatabase(async (path) => {
    const db = new Database(path);
    db.run("CREATE TABLE bookmarks (url)");
    db.close();
    const before = readFileSync(path);
    const error = await rejection(openStore(path));
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(String(error)).toContain(path);
    expect(String(error)).toContain("another program");
    expect(readFileSync(path)).toEqual(before);
  });
});

test("a file that is no database is refused by name and not changed", async () => {
  await withDatabase(async (path) => {
    writeFileSync(path, "hello, I am a text file\n".repeat(100));
    const error = await rejection(openStore(path));
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(String(error)).toContain(path);
    expect(String(error)).toContain("not a SQLite database");
    expect(readFileSync(path, "utf8")).toStartWith("hello");
  });
});

test("a folder, a missing folder and a device are refused by name", async () => {
  await withDatabase(async (path, folder) => {
    mkdirSync(path);
    for (const bad of [path, join(folder, "missing", "runner.db"), "/dev/null"]) {
      const error = await rejection(openStore(bad));
      expect(error).toMatchObject({ code: "STORE_UNAVAILABLE" });
      expect(String(error)).toContain(bad);
    }
  });
});

test("the files of the store can be read by their owner only, whatever the umask", async () => {
  await withDatabase(async (path) => {
    const umask = process.umask(0);
    try {
      const store = await openStore(path);
      await store.commit([setValue("k")]);
      for (const suffix of ["", "-wal", "-shm", ".lock"]) {
        expect([suffix, statSync(path + suffix).mode & 0o777]).toEqual([suffix, 0o600]);
      }
      await store.close();
    } finally {
      process.umask(umask);
    }
  });
});

test("an empty file is taken as new, with the mode it has", async () => {
  await withDatabase(async (path) => {
    writeFileSync(path, "");
    chmodSync(path, 0o640);
    await (await openStore(path)).close();
    expect(statSync(path).mode & 0o777).toBe(0o640);
    await (await openStore(path)).close();
  });
});
