// The writing side of the database, in the worker: a batch of commits is one transaction and one fsync.

import { Database, type Statement } from "bun:sqlite";
import type { Write } from "../writes.ts";
import { type EncodedWrite, writeStatements } from "./encode-commit.ts";
import { FilesInPlace } from "./file-in-place.ts";
import { checkIdentity, migrate } from "./migrate.ts";
import { migrations } from "./migrations/migrations.ts";
import { applyPragmas, newFilePragmas, writerPragmas } from "./pragmas.ts";
import { isOwnFault, packError, toStoreError } from "./sqlite-error.ts";
import type { CommitFailure } from "./worker-messages.ts";

export class CommitWriter {
  readonly #db: Database;
  readonly #path: string;
  readonly #files: FilesInPlace;
  readonly #statements = new Map<Write["type"], Statement>();

  /**
   * Opens the file, which must exist, and brings it to the newest schema.
   * @throws {AppError} STORE_UNAVAILABLE, DATABASE_TOO_NEW.
   */
  constructor(path: string) {
    this.#path = path;
    this.#db = new Database(path, { readwrite: true, create: false });
    try {
      const isNew = checkIdentity(this.#db, path, migrations.at(-1)?.version ?? 0);
      if (isNew) applyPragmas(this.#db, path, newFilePragmas);
      applyPragmas(this.#db, path, writerPragmas);
      migrate(this.#db, migrations);
      this.#proveWritable();
      this.#files = new FilesInPlace(path);
      this.#files.check();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Applies the commits in order; those that fail by their own fault are left out and returned. */
  write(commits: readonly (readonly EncodedWrite[])[]): readonly CommitFailure[] {
    const failures: CommitFailure[] = [];
    this.#files.check();
    this.#db.run("BEGIN IMMEDIATE");
    try {
      for (const [index, writes] of commits.entries()) {
        const error = this.#apply(writes);
        if (error !== undefined) {
          failures.push({ index, error: packError(toStoreError(error, `cannot write to ${this.#path}`)) });
        }
      }
      this.#db.run("COMMIT");
    } catch (error) {
      // A full or failing disk makes SQLite roll back by itself, at times.
      if (this.#db.inTransaction) this.#db.run("ROLLBACK");
      // What was read wrongly must not be remembered when the disk is well again.
      this.#db.run("PRAGMA shrink_memory");
      throw error;
    }
    return failures;
  }

  /** Moves what can be moved from the write-ahead log into the file, which is cut to its size with that. */
  tidy(): void {
    try {
      this.#db.query("PRAGMA wal_checkpoint(PASSIVE)").all();
    } catch {
      // A later one will do it.
    }
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    try {
      this.#db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // The write-ahead log keeps what could not be moved; the next start moves it.
    }
    this.#db.close();
  }

  /** Applies all writes of one commit or none; returns the error where the commit itself is at fault. */
  #apply(writes: readonly EncodedWrite[]): unknown {
    this.#db.run("SAVEPOINT one_commit");
    try {
      for (const write of writes) this.#run(write);
      this.#db.run("RELEASE one_commit");
      return undefined;
    } catch (error) {
      if (!isOwnFault(error) || !this.#db.inTransaction) throw error;
      this.#db.run("ROLLBACK TO one_commit");
      this.#db.run("RELEASE one_commit");
      return error;
    }
  }

  #run({ type, binds }: EncodedWrite): void {
    const { sql, missed } = writeStatements[type];
    let statement = this.#statements.get(type);
    if (!statement) this.#statements.set(type, (statement = this.#db.prepare(sql)));
    const { changes } = statement.run(...binds);
    if (changes === 0 && missed) throw missed(binds);
  }

  /**
   * SQLite opens a file it may not write for reading, and even lets transactions begin: only a change tells. The one
   * tried here is never kept.
   */
  #proveWritable(): void {
    this.#db.run("BEGIN IMMEDIATE");
    try {
      this.#db.run("PRAGMA user_version = 0");
    } finally {
      if (this.#db.inTransaction) this.#db.run("ROLLBACK");
    }
  }
}
