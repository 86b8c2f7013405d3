// Cursors of lists that are ordered by id: the last id of a page, in a form nobody is tempted to build by hand.

import { AppError } from "../../core/app-error.ts";

/** Whose cursor it is: that of one list is none of another. */
export type ListName = "run" | "request" | "event" | "delivery";

export function formatCursor(list: ListName, id: string): string {
  return Buffer.from(`${list}:${id}`).toString("base64url");
}

/** @throws {AppError} BAD_REQUEST when the cursor is not one of ours. */
export function parseCursor(list: ListName, cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString();
  const id = text.slice(list.length + 1);
  // Decoding is lenient, so only what encodes back to the same is ours.
  if (text.startsWith(`${list}:`) && id !== "" && formatCursor(list, id) === cursor) return id;
  throw new AppError("BAD_REQUEST", `${JSON.stringify(cursor.slice(0, 100))} is not a cursor of the ${list} list`, {
    hint: "take next_cursor from an earlier page as it is, or leave the cursor out",
  });
}
