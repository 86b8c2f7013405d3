// Whether the files that are open are still those that their paths name: what is written to others is lost.

import { type BigIntStats, statSync } from "node:fs";
import { AppError } from "../../core/app-error.ts";

/** SQLite makes the log with its first transaction and removes it with its last connection. */
const suffixes = ["", "-wal"] as const;

export class FilesInPlace {
  readonly #path: string;
  readonly #known = new Map<string, BigIntStats>();

  /** Right after the database was opened. */
  constructor(path: string) {
    this.#path = path;
  }

  /** A few microseconds. @throws {AppError} STORE_UNAVAILABLE. */
  check(): void {
    for (const suffix of suffixes) {
      const file = this.#path + suffix;
      const found = statSync(file, { bigint: true, throwIfNoEntry: false });
      const known = this.#known.get(file);
      if (known === undefined) {
        if (found !== undefined) this.#known.set(file, found);
      } else if (found?.ino !== known.ino || found.dev !== known.dev) throw gone(file, found === undefined);
    }
  }
}

function gone(file: string, isMissing: boolean): AppError {
  const what = isMissing ? "deleted or moved away" : "replaced by another file";
  return new AppError("STORE_UNAVAILABLE", `${file} was ${what} while runner uses it: what is written would be lost`, {
    hint: `put back the same file, or end runner and restore a backup; until it ends, /proc/${process.pid}/fd still has the content`,
    details: { path: file },
  });
}
