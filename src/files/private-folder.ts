// The data folder: nobody else may read it, and nobody else's folder is taken for it.

import { chmod, mkdir, readdir, stat } from "node:fs/promises";
import { AppError } from "../core/app-error.ts";

/** Makes the folder, or takes one that is ours or empty; another's folder is not to be locked away from others. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const isOpen = ((await stat(path)).mode & 0o077) !== 0;
    if (!isOpen) return;
    const names = await readdir(path);
    if (names.length > 0 && !names.includes("runner.token")) {
      throw new AppError("CONFIG_INVALID", `the data folder ${path} holds other files and others may read it`, {
        hint: `name an empty folder with --data-dir, or run chmod 700 ${path}`,
      });
    }
    await chmod(path, 0o700);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError("CONFIG_INVALID", `cannot use the data folder ${path}: ${String(thrown)}`, {
      hint: "name a folder that this user can write with --data-dir",
      cause: thrown,
    });
  }
}
