// Makes the files of the store before SQLite does, so that they are never readable by others, not even for a moment.

import { closeSync, openSync } from "node:fs";

/** Creates an empty file with mode 0600; one that exists is left alone, and not even opened. */
export function createPrivateFile(path: string): void {
  try {
    // Exclusive: closing any descriptor of a file drops the locks SQLite holds on it in this process
    // (https://www.sqlite.org/howtocorrupt.html, 2.2), so a file that exists must not be opened here.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}
