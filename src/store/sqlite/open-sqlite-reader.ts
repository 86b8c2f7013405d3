// A database that is only read: nothing of it is written, not even beside it.

import { constants, Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { AppError } from "../../core/app-error.ts";
import type { RunRecords } from "../contract.ts";
import { SqliteBundleReader } from "./bundles.ts";
import { resolveDatabasePath } from "./database-path.ts";
import { SqliteInboundReader } from "./inbound.ts";
import { SqliteJournalReader } from "./journal.ts";
import { SqliteLogReader } from "./logs.ts";
import { checkIdentity } from "./migrate.ts";
import { migrations } from "./migrations/migrations.ts";
import { ReadConnection } from "./read-connection.ts";
import { SqliteRunReader } from "./runs.ts";
import { toStoreError } from "./sqlite-error.ts";

/**
 * A server may own the database and go on writing.
 * @throws {AppError} NOT_FOUND, DATABASE_TOO_NEW, DATABASE_TOO_OLD, STORE_UNAVAILABLE.
 */
export function openSqliteReader(file: string): RunRecords {
  const path = resolveDatabasePath(file);
  if (!existsSync(path)) throw new AppError("NOT_FOUND", `there is no database ${path}`);
  try {
    const reader = new ReadConnection(path, () => openReadOnly(path));
    return {
      runs: new SqliteRunReader(reader),
      journal: new SqliteJournalReader(reader),
      logs: new SqliteLogReader(reader),
      bundles: new SqliteBundleReader(reader),
      inbound: new SqliteInboundReader(reader),
      close: () => reader.close(),
    };
  } catch (thrown) {
    throw toStoreError(thrown, `cannot read the database ${path}`);
  }
}

function openReadOnly(path: string): Database {
  // Where nobody has it open, and nobody died with it, SQLite need not make the files by which connections agree.
  const isInUse = existsSync(`${path}-wal`) || existsSync(`${path}-shm`);
  const address = isInUse ? path : `${pathToFileURL(path).href}?immutable=1`;
  const db = new Database(address, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
  try {
    checkSchema(db, path);
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

function checkSchema(db: Database, path: string): void {
  const newest = migrations.at(-1)?.version ?? 0;
  const isEmpty = checkIdentity(db, path, newest);
  const version = Object.values(db.query<Record<string, number>, []>("PRAGMA user_version").get() ?? {})[0] ?? 0;
  if (!isEmpty && version === newest) return;
  throw new AppError("DATABASE_TOO_OLD", `${path} has schema version ${version}; this runner reads version ${newest}`, {
    hint: "start the server of this version on it once, or use the version that wrote it",
    details: { path, version },
  });
}
