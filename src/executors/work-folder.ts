// Where a step works and where its mounts are, as far as that is text: the same rule for processes and containers.

import { isAbsolute, posix } from "node:path";
import type { Mount } from "./executor.ts";
import { notStarted, shown } from "./process/not-started.ts";

/**
 * True where the workDir names the place of a mount on this machine, as scripts do that say `workDir: volume.path`:
 * the step then works in what is mounted there.
 */
export function findMountOf(workDir: string, mounts: readonly Mount[]): Mount | undefined {
  if (!isAbsolute(workDir)) return undefined;
  return mounts.find(({ source }) => workDir === source || workDir.startsWith(`${source.replace(/\/$/, "")}/`));
}

/**
 * A relative target in its shortest form.
 * @throws {AppError} STEP_NOT_STARTED when it leads out of the folder, or is the folder itself.
 */
export function normalizeTarget(target: string): string {
  const path = posix.normalize(target).replace(/\/$/, "");
  if (path !== "." && path !== ".." && !path.startsWith("../") && !path.includes("\0")) return path;
  throw notStarted(
    `the mount ${shown(target)} is not below the step's work folder`,
    "name a path inside it, as `src`, or with an image an absolute path",
  );
}
