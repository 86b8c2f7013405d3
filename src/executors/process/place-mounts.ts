// The mounts of a process step: folders that move into its work folder, then links to all others.

import { lstatSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Mount } from "../executor.ts";
import { checkSource, findPlace, missingFolders, placeLinks } from "./mount-links.ts";
import { notStarted, shown } from "./not-started.ts";

const elsewhere = "choose another target, or another workDir";
const stuck = "it must be writable for the server's user, also where a container has left it, and on the same disk";

/**
 * Puts each mount into `base`; what is linked is taken out again by `removeLinks`, what has moved stays.
 * @throws {AppError} STEP_NOT_STARTED when a target leads out of the folder or exists, or a source does not exist.
 */
export function placeMounts(spoolFolder: string, base: string, mounts: readonly Mount[]): void {
  const moved = mounts.filter(({ move }) => move).map((mount) => ({ mount, place: findPlace(mount) }));
  // One may lie in another.
  for (const { mount, place } of moved.sort((a, b) => a.place.length - b.place.length)) move(mount, base, place);
  const linked = mounts.filter(({ move }) => !move);
  if (linked.length > 0) placeLinks(spoolFolder, base, linked);
}

function move(mount: Mount, base: string, place: string): void {
  const path = join(base, place);
  for (const folder of missingFolders(base, path).toReversed()) mkdirSync(folder);
  const isTaken = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  // An earlier try of this step, whose server died, had it there already.
  if (isTaken && !lstatSync(mount.source, { throwIfNoEntry: false })) return;
  checkSource(mount);
  const { target, source } = mount;
  if (isTaken) throw notStarted(`the mount ${shown(target)} would replace ${path}, which is there already`, elsewhere);
  try {
    renameSync(source, path);
  } catch (thrown) {
    throw notStarted(`the mount ${shown(target)} could not be moved from ${source}: ${String(thrown)}`, stuck, thrown);
  }
}
