// Removing a folder that a step wrote into, whatever it left there.

import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

const attempts = 5;

/**
 * Removes a folder and all below it; symbolic links are removed, never followed. Folders without permissions are
 * opened first. A folder that is not there is fine.
 * @throws the system's error when something could not be removed (an immutable file, a mount point).
 */
export async function removeFolder(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rm(folder, { recursive: true, force: true });
    } catch (thrown) {
      // A background process of the step may still be writing, so a folder just emptied is not empty.
      if (attempt === attempts) throw thrown;
      await openFolders(folder).catch(() => {});
    }
  }
}

async function openFolders(folder: string): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) return;
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openFolders(join(folder, entry.name)).catch(() => {});
  }
}
