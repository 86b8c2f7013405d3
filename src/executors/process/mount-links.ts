// Mounts of a process step: symbolic links in its work folder, or where one lies in another in that one's folder.

import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { rmdirSync, statSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { Mount } from "../executor.ts";
import { normalizeTarget } from "../work-folder.ts";
import { notStarted, shown, systemCode } from "./not-started.ts";

/** What was put into a folder of the author's, to be taken out again. */
interface Placed {
  readonly links: readonly { readonly path: string; readonly source: string }[];
  /** From the outermost on. */
  readonly folders: readonly string[];
}

const placedFile = "mounts";

/**
 * Links each mount into `base`. What is made is noted in the spool folder first, so that also a later life of the
 * server takes it out of an author's folder.
 * @throws {AppError} STEP_NOT_STARTED when a target leads out of the folder or exists, or a source does not exist.
 */
export function placeLinks(spoolFolder: string, base: string, mounts: readonly Mount[]): void {
  const planned = plan(base, mounts);
  writeFileSync(join(spoolFolder, placedFile), JSON.stringify(planned), { mode: 0o600 });
  try {
    for (const folder of planned.folders) mkdirSync(folder);
    for (const { path, source } of planned.links) symlinkSync(source, path);
  } catch (thrown) {
    const why = systemCode(thrown) === "EEXIST" ? "two of them are in one place" : String(thrown);
    throw notStarted(`the mounts could not be placed in ${base}: ${why}`, "correct the targets of mounts", thrown);
  }
}

/** Takes out what was placed, if it is there and still what was placed. Never throws. */
export function removeLinks(spoolFolder: string): void {
  const { links, folders } = readPlaced(spoolFolder);
  for (const { path, source } of links) {
    quietly(() => {
      if (readlinkSync(path) === source) unlinkSync(path);
    });
  }
  for (const folder of folders.toReversed()) quietly(() => rmdirSync(folder));
}

function plan(base: string, mounts: readonly Mount[]): Placed {
  const folders = new Set<string>();
  mounts.forEach(checkSource);
  const places = mounts.map((mount) => ({ ...mount, place: findPlace(mount) }));
  const links = places.map(({ target, source, place }) => {
    // The innermost of those that it lies in.
    const [outer] = places.filter((other) => place.startsWith(`${other.place}/`)).sort(byDepth);
    const within = outer?.source ?? base;
    const path = join(within, outer === undefined ? place : place.slice(outer.place.length + 1));
    for (const folder of missingFolders(within, path)) folders.add(folder);
    if (lstatSync(path, { throwIfNoEntry: false })) {
      throw notStarted(
        `the mount ${shown(target)} would replace ${path}, which is there already`,
        "choose another target, or leave out workDir for an empty work folder",
      );
    }
    return { path, source };
  });
  return { links, folders: [...folders].sort((a, b) => a.length - b.length) };
}

function byDepth(a: { readonly place: string }, b: { readonly place: string }): number {
  return b.place.length - a.place.length;
}

/** Below the work folder. */
export function findPlace({ target }: Mount): string {
  if (!isAbsolute(target)) return normalizeTarget(target);
  throw notStarted(
    `the mount ${shown(target)} has an absolute path, but a process sees the machine's own files`,
    "name a path below the work folder, as `src`, or run the step in a container with `image`",
  );
}

export function checkSource({ target, source }: Mount): void {
  if (statSync(source, { throwIfNoEntry: false })) return;
  throw notStarted(`the mount ${shown(target)} is of ${shown(source)}, which does not exist`, "correct the path");
}

/** The folders to be made for `path`; those that are there must be inside `base` also when links are followed. */
export function missingFolders(base: string, path: string): readonly string[] {
  const missing: string[] = [];
  let folder = dirname(path);
  for (; folder.length > base.length && !isThere(folder); folder = dirname(folder)) missing.push(folder);
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found?.isDirectory()) {
    const what = found === undefined ? "is a link to nothing" : "is no folder";
    throw notStarted(`${folder} ${what}, so nothing can be mounted in it`, "choose another target for the mount");
  }
  const [realBase, real] = [realpathSync(base), realpathSync(folder)];
  if (real === realBase || real.startsWith(`${realBase}/`)) return missing;
  throw notStarted(`${folder} leads out of the work folder ${base} by a link`, "choose another target for the mount");
}

/** What would lie in a file is not there. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (thrown) {
    if (systemCode(thrown) === "ENOTDIR") return false;
    throw thrown;
  }
}

function readPlaced(spoolFolder: string): Placed {
  const file = join(spoolFolder, placedFile);
  try {
    // Most steps have none, and asking is quicker than an error.
    if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Placed;
  } catch {
    // It was cut short, so nothing had been placed yet.
  }
  return { links: [], folders: [] };
}

function quietly(remove: () => void): void {
  try {
    remove();
  } catch {
    // It is gone, or it is another's by now.
  }
}
