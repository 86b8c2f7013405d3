// The one way in which a step that cannot be started says so.

import { AppError } from "../../core/app-error.ts";

export function notStarted(message: string, hint: string, cause?: unknown): AppError {
  return new AppError("STEP_NOT_STARTED", message, { hint, ...(cause === undefined ? {} : { cause }) });
}

/** For a file of the step's own that could not be written; the cause says whether the disk is full. */
export function notWritten(file: string, thrown: unknown): AppError {
  return notStarted(
    `${file} could not be written: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    "check that the data folder is writable and the disk is not full",
    thrown,
  );
}

/** The system's code of a thrown error, like `ENOENT`; empty where it has none. */
export function systemCode(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}

/** A value as a message shows it: quoted, and not longer than a line or two. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
