// Which files below the pipelines folder are pipelines, and under which ids.

import { lstat, readdir, realpath } from "node:fs/promises";
import { posix, relative, sep } from "node:path";
import { isPipelineFile, withoutPipelineExtension } from "../core/pipeline-file.ts";
import { describeFileError } from "./module-reader.ts";
import { createError, type Problem } from "./pipeline.ts";

/** The files that claim one id: one, unless the author made a mistake. */
export interface PipelineFiles {
  readonly id: string;
  readonly files: readonly string[];
  /** Why they cannot be loaded as they are. */
  readonly problems: readonly Problem[];
}

const maxIdLength = 200;
const maxDepth = 32;
const maxFiles = 10_000;

interface Walk {
  readonly root: string;
  readonly onFolder: (path: string) => void;
  readonly files: Map<string, readonly Problem[]>;
}

/**
 * All pipelines below `root`, a real path, by id. `onFolder` is told each folder before it is listed, so that whoever
 * watches it misses nothing.
 * @throws the file system's error when the root itself cannot be listed.
 */
export async function listPipelineFiles(
  root: string,
  onFolder: (path: string) => void,
): Promise<ReadonlyMap<string, PipelineFiles>> {
  const walk: Walk = { root, onFolder, files: new Map() };
  await walkFolder(walk, "", [root]);
  const groups = new Map<string, PipelineFiles>();
  for (const [file, problems] of [...walk.files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const id = idOf(file);
    const known = groups.get(id);
    const files = [...(known?.files ?? []), file];
    groups.set(id, { id, files, problems: [...(known?.problems ?? []), ...problems, ...checkId(id, file)] });
  }
  for (const [id, group] of groups) {
    if (group.files.length < 2) continue;
    const message = `${group.files.join(" and ")} are the same pipeline "${id}"`;
    const clashes = group.files.map((file) => createError(file, message, "rename or remove all but one"));
    groups.set(id, { ...group, problems: [...group.problems, ...clashes] });
  }
  return groups;
}

function idOf(file: string): string {
  return withoutPipelineExtension(file);
}

function checkId(id: string, file: string): Problem[] {
  if (id.length > maxIdLength) {
    return [createError(file, `the id of this pipeline is longer than ${maxIdLength} characters`, "shorten the path")];
  }
  if (/^[A-Za-z\d._/-]+$/.test(id)) return [];
  return [createError(file, "this file name cannot be the id of a pipeline", "use letters, digits, -, _ and . only")];
}

async function walkFolder(walk: Walk, folder: string, ancestors: readonly string[]): Promise<void> {
  const absolute = posix.join(walk.root, folder);
  walk.onFolder(absolute);
  for (const entry of await readdir(absolute, { withFileTypes: true })) {
    const path = posix.join(folder, entry.name);
    if (/^[._]/.test(entry.name) || entry.name === "node_modules" || walk.files.size >= maxFiles) continue;
    if (entry.isSymbolicLink()) await followLink(walk, path, entry.name, ancestors);
    else if (entry.isDirectory()) await enterFolder(walk, path, entry.name, ancestors);
    // Also sockets and pipes: better told that it is no regular file than silently left out.
    else addFile(walk, path, []);
  }
}

async function enterFolder(walk: Walk, path: string, name: string, ancestors: readonly string[]): Promise<void> {
  if (name === "lib" || ancestors.length > maxDepth) return;
  try {
    await walkFolder(walk, path, [...ancestors, posix.join(walk.root, path)]);
  } catch (thrown) {
    if (await isGone(posix.join(walk.root, path))) return;
    walk.files.set(path, [createError(path, `cannot list the folder ${path}: ${describeFileError(thrown)}`)]);
  }
}

async function followLink(walk: Walk, path: string, name: string, ancestors: readonly string[]): Promise<void> {
  const absolute = posix.join(walk.root, path);
  try {
    const real = await realpath(absolute);
    const inside = relative(walk.root, real);
    const folder = (await lstat(real)).isDirectory();
    if (inside === ".." || inside.startsWith(`..${sep}`)) {
      const problem = createError(path, `${path} is a symlink to ${real}, outside the pipelines folder`);
      if (folder && name !== "lib") walk.files.set(path, [problem]);
      else addFile(walk, path, [problem]);
    } else if (!folder) addFile(walk, path, []);
    else if (!ancestors.includes(real)) await enterFolder(walk, path, name, [...ancestors, real]);
  } catch (thrown) {
    addFile(walk, path, [createError(path, `cannot follow the symlink ${path}: ${describeFileError(thrown)}`)]);
  }
}

function addFile(walk: Walk, path: string, problems: readonly Problem[]): void {
  if (isPipelineFile(path)) walk.files.set(path, problems);
}

async function isGone(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch {
    return true;
  }
}
