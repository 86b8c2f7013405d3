// The body of a request that is to be signed: a text, a file, or standard input.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { AppError } from "../../core/app-error.ts";

export interface RequestData {
  readonly bytes: Uint8Array;
  /** The file that they are from, as it was named. */
  readonly file: string | null;
}

/** `text`, `@file` or `-`. @throws {AppError} NOT_FOUND, USAGE where it cannot be read. */
export async function readData(data: string, cwd: string): Promise<RequestData> {
  if (data === "-") return { bytes: await Bun.stdin.bytes(), file: null };
  if (!data.startsWith("@")) return { bytes: Buffer.from(data), file: null };
  const file = data.slice(1);
  try {
    return { bytes: await readFile(resolve(cwd, file)), file };
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "UNKNOWN";
    if (code === "ENOENT") throw new AppError("NOT_FOUND", `the file ${file} does not exist`, { cause });
    throw new AppError("USAGE", `cannot read the file ${file}: ${code}`, { cause });
  }
}
