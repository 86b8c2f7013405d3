// The mounts of a process step: folders that move into its work folder, then links to all others.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Mount } from "../executor.ts";
import { checkSource, findPlace, missingFolders, placeLinks } from "./mount-links.ts";
import { isLinkTo, isThere, moveFolder } from "./move-folder.ts";
import { notStarted, shown } from "./not-started.ts";

const elsewhere = "choose another target, or another workDir";
const stuck = "its folder must be open to the server's user, and on the same disk";

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
  const { target, source } = mount;
  const path = join(base, place);
  for (const folder of missingFolders(base, path).toReversed()) mkdirSync(folder);
  const isTaken = isThere(path);
  const isGone = !attempt(mount, () => isThere(source));
  // An earlier try of this step, whose server died, had it there already.
  if (isTaken && (isGone || isLinkTo(path, source))) return;
  checkSource(mount);
  if (isTaken) throw notStarted(`the mount ${shown(target)} would replace ${path}, which is there already`, elsewhere);
  attempt(mount, () => moveFolder(source, path));
}

function attempt<T>({ target, source }: Mount, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw notStarted(`the mount ${shown(target)} could not be moved from ${source}: ${String(thrown)}`, stuck, thrown);
  }
}
