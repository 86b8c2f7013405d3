// Brings a database to the newest schema, after making sure that it is one of ours and not from a newer version.

import type { Database } from "bun:sqlite";
import { AppError } from "../../core/app-error.ts";

export interface Migration {
  /** 1 and up, without gaps: what `user_version` is once it is applied. */
  readonly version: number;
  readonly sql: string;
}

/** "RUNR", in the header of every database of ours (https://www.sqlite.org/fileformat.html#application_id). */
export const applicationId = 0x52554e52;

/**
 * Reads whose file this is, without changing it; true if it is new and empty.
 * @throws {AppError} DATABASE_TOO_NEW, or STORE_UNAVAILABLE when the file belongs to another program.
 */
export function checkIdentity(db: Database, path: string, newestVersion: number): boolean {
  const id = readNumber(db, "PRAGMA application_id");
  const version = readNumber(db, "PRAGMA user_version");
  const objects = readNumber(db, "SELECT count(*) FROM sqlite_schema");
  if (id === 0 && version === 0 && objects === 0) return true;
  if (id !== applicationId) {
    throw new AppError("STORE_UNAVAILABLE", `${path} is a SQLite database of another program (application id ${id})`, {
      hint: "name another file with --storage sqlite://FILE",
      details: { path, applicationId: id },
    });
  }
  if (version > newestVersion) {
    throw new AppError(
      "DATABASE_TOO_NEW",
      `${path} has schema version ${version}, but this runner knows versions up to ${newestVersion}`,
      {
        hint: "start the newer runner that wrote it, or name another file with --storage sqlite://FILE",
        details: { path, version, newestVersion },
      },
    );
  }
  return false;
}

/** Applies what is missing, each migration in a transaction of its own; returns the versions applied. */
export function migrate(db: Database, migrations: readonly Migration[]): readonly number[] {
  const applied: number[] = [];
  const current = readNumber(db, "PRAGMA user_version");
  for (const migration of migrations.filter(({ version }) => version > current)) {
    db.transaction(() => {
      db.run(migration.sql);
      db.run(`PRAGMA application_id = ${applicationId}`);
      db.run(`PRAGMA user_version = ${migration.version}`);
    }).immediate();
    applied.push(migration.version);
  }
  return applied;
}

function readNumber(db: Database, sql: string): number {
  const row = db.query<Record<string, number>, []>(sql).get();
  return Object.values(row ?? {})[0] ?? 0;
}
