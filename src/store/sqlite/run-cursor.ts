// Cursors of the run list: the id of the last run of a page, in a form nobody is tempted to build by hand.

import { AppError } from "../../core/app-error.ts";

const prefix = "run:";

export function formatCursor(runId: string): string {
  return Buffer.from(prefix + runId).toString("base64url");
}

/** @throws {AppError} BAD_REQUEST when the cursor is not one of ours. */
export function parseCursor(cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString();
  const runId = text.slice(prefix.length);
  // Decoding is lenient, so only what encodes back to the same is ours.
  if (text.startsWith(prefix) && runId !== "" && formatCursor(runId) === cursor) return runId;
  throw new AppError("BAD_REQUEST", `${JSON.stringify(cursor.slice(0, 100))} is not a cursor of the run list`, {
    hint: "take next_cursor from an earlier page as it is, or leave the cursor out",
  });
}
