// Every PRAGMA a connection depends on, set and then read back: SQLite ignores the ones it does not like in silence.

import type { Database } from "bun:sqlite";
import { AppError } from "../../core/app-error.ts";

type Pragmas = Readonly<Record<string, string | number>>;

/** What must be decided while the file is still empty. */
export const newFilePragmas: Pragmas = {
  // Incremental: what is pruned can be given back to the file system without rewriting the whole file.
  auto_vacuum: 2,
};

export const writerPragmas: Pragmas = {
  journal_mode: "wal",
  // FULL: a commit that was acknowledged survives a power failure.
  synchronous: 2,
  foreign_keys: 1,
  busy_timeout: 5000,
  // A schema edited by someone else cannot call functions with side effects.
  trusted_schema: 0,
  cell_size_check: 1,
  // A bad disk gives an error with a code, where mapped memory would give SIGBUS.
  mmap_size: 0,
  temp_store: 2,
  cache_size: -8192,
  wal_autocheckpoint: 1000,
  // What a large transaction has added to the write-ahead log is given back after it.
  journal_size_limit: 8 * 1024 * 1024,
  locking_mode: "normal",
};

export const readerPragmas: Pragmas = {
  query_only: 1,
  // Short, since reads are made in the control loop; in WAL mode they wait for nobody but a recovery.
  busy_timeout: 1000,
  trusted_schema: 0,
  cell_size_check: 1,
  mmap_size: 0,
  temp_store: 2,
  cache_size: -8192,
};

/** @throws {AppError} STORE_UNAVAILABLE when one of them does not hold afterwards. */
export function applyPragmas(db: Database, path: string, pragmas: Pragmas): void {
  for (const [name, wanted] of Object.entries(pragmas)) {
    db.query(`PRAGMA ${name} = ${wanted}`).all();
    const found = Object.values(db.query<Record<string, string | number>, []>(`PRAGMA ${name}`).get() ?? {})[0];
    // SQLite answers nothing at all for mmap_size where it is compiled out, which is the same as 0.
    if (found === wanted || (found === undefined && wanted === 0)) continue;
    throw new AppError("STORE_UNAVAILABLE", `${path}: PRAGMA ${name} is ${found} after it was set to ${wanted}`, {
      hint:
        name === "journal_mode"
          ? "the file must be on a local file system with shared memory (not NFS or SMB), or another program holds it"
          : "another program may hold the database",
      details: { path, pragma: name, wanted, found },
    });
  }
}
