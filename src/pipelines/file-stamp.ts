// What tells one content of a file from another without reading it.

import { stat } from "node:fs/promises";

/** A text that changes when the file is written, replaced or removed; `directory` and `absent` for what those are. */
export async function readStamp(path: string): Promise<string> {
  try {
    const found = await stat(path, { bigint: true });
    if (found.isDirectory()) return "directory";
    return `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
  } catch (thrown) {
    const code = fileErrorCode(thrown);
    return code === "ENOENT" || code === "ENOTDIR" ? "absent" : code;
  }
}

/** `ENOENT`, `EACCES`, …; `UNKNOWN` for what is no error of the file system. */
export function fileErrorCode(thrown: unknown): string {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  return code ?? "UNKNOWN";
}
