// RunFiles in a folder of its own for a test.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTreeRemover } from "../../../src/executors/executors.ts";
import { openRunFiles, type RunFiles } from "../../../src/files/files.ts";

export const runId = "0198c0de-0000-7000-8000-000000000001";
export const otherRunId = "0198c0de-0000-7000-8000-000000000002";
export const never = new AbortController().signal;

const removeTree = createTreeRemover({ path: process.env["PATH"] ?? "/usr/bin:/bin" });

export interface RunFolder {
  readonly dir: string;
  readonly files: RunFiles;
  /** Another life of the server on the same folder. */
  reopen(): RunFiles;
  remove(): Promise<void>;
}

export function makeRunFolder(maxArtifactBytes = 1024 * 1024): RunFolder {
  const dir = mkdtempSync(join(tmpdir(), "runner-files-"));
  const open = (): RunFiles => openRunFiles({ dataDir: join(dir, "data"), maxArtifactBytes, removeTree });
  return { dir, files: open(), reopen: open, remove: () => removeTree(dir) };
}
