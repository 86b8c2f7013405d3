// What the file system says when it refuses, as an error that tells what to do.

import { AppError } from "../core/app-error.ts";

export function systemCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}

/** `what` is a sentence without its reason, like "the volume cache could not be made". */
export function toDiskError(thrown: unknown, what: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = systemCode(thrown);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new AppError("STORE_UNAVAILABLE", `${what}: ${isFull ? "the disk is full" : reason}`, {
    hint: isFull ? "free space on the disk of the data folder" : "check that the data folder is writable",
    cause: thrown,
  });
}
