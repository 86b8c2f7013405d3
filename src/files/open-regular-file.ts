// Opening a file that somebody hostile may have put there, and may exchange while it is opened.

import { constants } from "node:fs";
import { open, readlink, type FileHandle } from "node:fs/promises";
import { AppError } from "../core/app-error.ts";
import { systemCode } from "./disk-error.ts";

/** open(2): finds a file without opening it, so that no device is set off and no FIFO waits. Not among Node's. */
const pathOnly = 0o10000000;

export interface FileToOpen {
  readonly path: string;
  /** What messages call it. */
  readonly shown: string;
  /** The real path of the folder that it must be in, wherever links lead; null: anywhere. */
  readonly inside: string | null;
}

/**
 * Checks the file that was found, not its name, and opens that one: nobody can exchange it in between.
 * @throws {AppError} FILE_NOT_FOUND when it is not there, no regular file, not readable or outside.
 */
export async function openRegularFile({ path, shown, inside }: FileToOpen): Promise<FileHandle> {
  try {
    const found = await open(path, pathOnly);
    try {
      const link = `/proc/self/fd/${found.fd}`;
      if (inside !== null && !(await readlink(link)).startsWith(`${inside}/`)) throw leadsOut(shown);
      const stat = await found.stat();
      if (stat.isDirectory()) throw notFound(shown, "it is a folder", "name the files in it");
      if (!stat.isFile()) throw notFound(shown, "it is no regular file");
      return await open(link, constants.O_RDONLY | constants.O_NONBLOCK);
    } finally {
      await found.close();
    }
  } catch (thrown) {
    throw thrown instanceof AppError ? thrown : toReadError(thrown, shown);
  }
}

export function leadsOut(shown: string): AppError {
  return notFound(shown, "it leads out of its volume", "links in a volume must be relative and stay inside");
}

/** Why a file could not be opened or read. */
export function toReadError(thrown: unknown, shown: string): AppError {
  const code = systemCode(thrown);
  if (code === "ENOENT" || code === "ENOTDIR") return notFound(shown, "there is no such file");
  if (code === "ELOOP") return notFound(shown, "its links lead nowhere");
  if (code === "EACCES" || code === "EPERM") {
    return notFound(shown, "the server may not read it", "let the step that wrote it run chmod -R a+rX on it");
  }
  return notFound(shown, thrown instanceof Error ? thrown.message : String(thrown));
}

function notFound(shown: string, reason: string, hint?: string): AppError {
  return new AppError("FILE_NOT_FOUND", `cannot read ${shown}: ${reason}`, hint === undefined ? {} : { hint });
}
