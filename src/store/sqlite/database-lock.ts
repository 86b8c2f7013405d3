// The lock that makes one process the owner of a database for life: a write transaction held open on `<database>.lock`,
// a small SQLite file that also says who the owner is. The kernel drops it with the process, however that ends.

import { Database } from "bun:sqlite";
import { AppError } from "../../core/app-error.ts";
import { createPrivateFile } from "./private-file.ts";
import { toStoreError } from "./sqlite-error.ts";

export interface DatabaseLock {
  release(): void;
}

interface Owner {
  readonly pid: number;
  readonly since: string;
}

/** How long to wait for an owner that has just taken the lock to say who it is. */
const introductionMs = 1000;

/** @throws {AppError} DATABASE_LOCKED naming the owner; STORE_UNAVAILABLE when the lock file cannot be used. */
export async function openDatabaseLock(path: string, now: () => number): Promise<DatabaseLock> {
  const file = `${path}.lock`;
  const self: Owner = { pid: process.pid, since: new Date(now()).toISOString() };
  let db: Database | undefined;
  try {
    createPrivateFile(file);
    db = new Database(file, { readwrite: true, create: false });
    if (take(db, self)) return { release: releaseOnce(db) };
    throw locked(path, await findOwner(db, self));
  } catch (error) {
    db?.close();
    throw toStoreError(error, `cannot lock the database by ${file}`);
  }
}

/** Signs the file, then holds its write lock. The lock is free for a moment in between, so the second step can fail. */
function take(db: Database, self: Owner): boolean {
  if (!begin(db)) return false;
  db.run("CREATE TABLE IF NOT EXISTS owner (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER, since TEXT) STRICT");
  db.run("INSERT OR REPLACE INTO owner VALUES (1, ?, ?)", [self.pid, self.since]);
  db.run("COMMIT");
  return begin(db);
}

function begin(db: Database): boolean {
  try {
    db.run("PRAGMA busy_timeout = 0");
    db.run("BEGIN IMMEDIATE");
    // Signing and asking for the owner may meet another process that does the same: those moments are waited for.
    db.run("PRAGMA busy_timeout = 2000");
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY")) return false;
    throw error;
  }
}

/** Whoever holds the lock now; until it has signed, the file names an earlier owner or ourselves. */
async function findOwner(db: Database, self: Owner): Promise<Owner | null> {
  db.run("PRAGMA busy_timeout = 2000");
  for (let waitedMs = 0; ; waitedMs += 50) {
    const signed = db.query("SELECT count(*) AS tables FROM sqlite_schema").values()[0]?.[0] !== 0;
    const owner = signed ? db.query<Owner, []>("SELECT pid, since FROM owner").get() : null;
    const isSelf = owner?.pid === self.pid && owner.since === self.since;
    if ((owner && !isSelf && isAlive(owner.pid)) || waitedMs >= introductionMs) return owner;
    await Bun.sleep(50);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function releaseOnce(db: Database): () => void {
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    db.close();
  };
}

function locked(path: string, owner: Owner | null): AppError {
  const who = owner ? `process ${owner.pid}${owner.pid === process.pid ? " (this one)" : ""}` : "another process";
  const since = owner ? ` since ${owner.since}` : "";
  return new AppError("DATABASE_LOCKED", `${path} is in use by ${who}${since}`, {
    hint: owner
      ? `end that process (kill ${owner.pid}), or name another file with --storage sqlite://FILE`
      : "end that process, or name another file with --storage sqlite://FILE",
    details: { path, ...owner },
  });
}
