// What SQLite reports, as errors of ours that say what happened and what to do.

import { AppError, type ErrorCode } from "../../core/app-error.ts";

interface Explanation {
  readonly says: string;
  readonly hint: string;
}

/** By the beginning of SQLite's code (https://www.sqlite.org/rescode.html); the first that fits. */
const explanations: Readonly<Record<string, Explanation>> = {
  SQLITE_FULL: { says: "the disk is full", hint: "free some space there; what was not stored can then be tried again" },
  SQLITE_READONLY: {
    says: "the file cannot be written",
    hint: "check that the file system is not mounted read-only and that this user may write the file and its folder",
  },
  SQLITE_IOERR: { says: "the disk reported an error", hint: "check the disk and the kernel's log (dmesg)" },
  SQLITE_BUSY: {
    says: "another program holds the database",
    hint: "end the other program's transaction (an open sqlite3 shell?)",
  },
  SQLITE_LOCKED: {
    says: "another program holds the database",
    hint: "end the other program's transaction (an open sqlite3 shell?)",
  },
  SQLITE_CORRUPT: {
    says: "the file is damaged",
    hint: "restore a backup, or save what is left with sqlite3's .recover",
  },
  SQLITE_NOTADB: { says: "the file is not a SQLite database", hint: "name another file with --storage sqlite://FILE" },
  SQLITE_CANTOPEN: {
    says: "the file cannot be opened",
    hint: "check that the folder exists and that this user may read and write the file and its folder",
  },
  SQLITE_PERM: { says: "permission was denied", hint: "check that this user may read and write the file" },
  SQLITE_NOMEM: { says: "memory is exhausted", hint: "free some memory on this machine" },
};

const ownFaults = ["SQLITE_CONSTRAINT", "SQLITE_MISUSE", "SQLITE_RANGE", "SQLITE_MISMATCH"];

/** SQLite's extended result code of a thrown value, or undefined where it is something else. */
function sqliteCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown) || typeof thrown.code !== "string") return undefined;
  return thrown.code.startsWith("SQLITE_") ? thrown.code : undefined;
}

/** True where the write itself is at fault, so that the rest of its transaction is sound. */
export function isOwnFault(thrown: unknown): boolean {
  const code = sqliteCode(thrown);
  return code === undefined || code === "SQLITE_TOOBIG" || ownFaults.some((fault) => code.startsWith(fault));
}

/** The thrown value as an AppError; `attempt` says what was tried, as in "cannot commit to /data/runner.db". */
export function toStoreError(thrown: unknown, attempt: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = sqliteCode(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const details = { sqlite: code };
  if (code === "SQLITE_TOOBIG") {
    return new AppError("VALUE_TOO_LARGE", `${attempt}: ${message}`, { details, cause: thrown });
  }
  if (thrown instanceof Error && "code" in thrown && /^E[A-Z]+$/.test(String(thrown.code))) {
    const hint = "check that the folder exists and that this user may read and write the file and its folder";
    return new AppError("STORE_UNAVAILABLE", `${attempt}: ${message}`, { hint, cause: thrown });
  }
  if (isOwnFault(thrown)) {
    const hint = "this is a bug in runner; please report it";
    return new AppError("INTERNAL", `${attempt}: ${message}`, { hint, details, cause: thrown });
  }
  const known = Object.entries(explanations).find(([prefix]) => code?.startsWith(prefix))?.[1];
  const says = known ? `${known.says} (${code}: ${message})` : `${code}: ${message}`;
  const hint = known?.hint ?? "check that no other program has changed the file";
  return new AppError("STORE_UNAVAILABLE", `${attempt}: ${says}`, { hint, details, cause: thrown });
}

/** An AppError as plain data, to cross from the worker. */
export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

export function packError(error: AppError): ErrorMessage {
  return { code: error.code, message: error.message, hint: error.hint, details: error.details };
}

export function unpackError({ code, message, hint, details }: ErrorMessage): AppError {
  return new AppError(code, message, hint === undefined ? { details } : { hint, details });
}
