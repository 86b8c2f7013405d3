// The one true path of a database file, so that every way to name it meets the same lock.

import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { AppError } from "../../core/app-error.ts";

// As the kernel does (ELOOP).
const maxLinks = 40;

/**
 * The absolute path without symbolic links; the file itself need not exist, its folder must.
 * @throws {AppError} STORE_UNAVAILABLE when there is no such folder, or the path is no ordinary file.
 */
export function resolveDatabasePath(path: string): string {
  let current = resolve(path);
  for (let links = 0; links <= maxLinks; links++) {
    const file = join(resolveFolder(dirname(current), path), basename(current));
    const stat = attempt(path, () => lstatSync(file, { throwIfNoEntry: false }));
    if (!stat || stat.isFile()) return file;
    if (!stat.isSymbolicLink()) {
      const kind = stat.isDirectory() ? "a folder" : "not an ordinary file";
      throw unusable(path, `${file} is ${kind}`, "name the database file itself, like sqlite:///srv/runner/runner.db");
    }
    current = resolve(dirname(file), readlinkSync(file));
  }
  throw unusable(path, "too many symbolic links", "name the file itself");
}

function resolveFolder(folder: string, path: string): string {
  return attempt(path, () => realpathSync(folder));
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw unusable(path, reason, "create the folder first, and check that this user may read and write it", error);
  }
}

function unusable(path: string, reason: string, hint: string, cause?: unknown): AppError {
  return new AppError("STORE_UNAVAILABLE", `cannot open the database ${path}: ${reason}`, {
    hint,
    details: { path },
    cause,
  });
}
