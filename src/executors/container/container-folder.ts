// Where a container works and what is mounted where.

import { isAbsolute, posix } from "node:path";
import type { Mount, StepSpec } from "../executor.ts";
import { notStarted, shown } from "../process/not-started.ts";
import { findMountOf, normalizeTarget } from "../work-folder.ts";

/** Where relative paths of a step begin in a container. */
const baseFolder = "/workspace";

export interface ContainerFolders {
  /** Absent: the image's own. */
  readonly workDir?: string;
  /** With absolute targets. */
  readonly mounts: readonly Mount[];
}

/**
 * A workDir below a mount's place on this machine becomes the same place in the container. Relative mounts are below
 * an absolute workDir, else below `/workspace`, and so is a relative workDir.
 * @throws {AppError} STEP_NOT_STARTED when a target or a relative workDir leads out of its folder.
 */
export function placeInContainer({ workDir, mounts = [] }: Pick<StepSpec, "workDir" | "mounts">): ContainerFolders {
  const worksIn = workDir === undefined ? undefined : findMountOf(workDir, mounts);
  const base = workDir !== undefined && isAbsolute(workDir) && worksIn === undefined ? workDir : baseFolder;
  const placed = mounts.map((mount) => ({ ...mount, target: placeTarget(base, mount.target) }));
  if (worksIn !== undefined && workDir !== undefined) {
    const rest = workDir.slice(worksIn.source.replace(/\/$/, "").length);
    return { workDir: posix.join(placeTarget(base, worksIn.target), rest), mounts: placed };
  }
  if (workDir !== undefined) {
    return { workDir: isAbsolute(workDir) ? workDir : placeWorkDir(workDir), mounts: placed };
  }
  const hasRelative = mounts.some(({ target }) => !isAbsolute(target));
  return { ...(hasRelative ? { workDir: base } : {}), mounts: placed };
}

/**
 * The folder that a command inside an open container works in: relative to that container's own, and a mount's place
 * on this machine becomes its place there. Absent: the container's own.
 */
export function placeInside(opened: Pick<StepSpec, "workDir" | "mounts">, workDir: string): string {
  const place = placeInContainer({ workDir, mounts: opened.mounts ?? [] }).workDir ?? workDir;
  if (isAbsolute(workDir)) return place;
  const own = placeInContainer(opened).workDir ?? baseFolder;
  return posix.join(own, posix.relative(baseFolder, place));
}

function placeTarget(base: string, target: string): string {
  const path = isAbsolute(target) ? posix.normalize(target) : posix.join(base, normalizeTarget(target));
  if (path !== "/") return path;
  throw notStarted(`the mount ${shown(target)} would replace all of the container's files`, "mount it below /");
}

function placeWorkDir(workDir: string): string {
  const path = posix.join(baseFolder, workDir);
  if (path === baseFolder || path.startsWith(`${baseFolder}/`)) return path;
  throw notStarted(`the workDir ${shown(workDir)} leads out of ${baseFolder}`, "write an absolute path");
}
