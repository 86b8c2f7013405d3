// Watches a changing set of folders, each by a watcher of its own: that leaves out node_modules, of which only the
// folders in use matter, and survives folders that are removed and made again.

import { type FSWatcher, lstatSync, watch } from "node:fs";
import { basename, join } from "node:path";
import { fileErrorCode } from "./file-stamp.ts";

export interface FolderWatchOptions {
  /** Something happened to this absolute path; null where the system does not say to what. */
  readonly onEvent: (path: string | null) => void;
  /** A folder cannot be watched; told once for each. */
  readonly onError: (path: string, error: unknown) => void;
}

interface Watched {
  readonly watcher: FSWatcher;
  readonly identity: string;
}

export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #failed = new Set<string>();
  /** Folders that were perhaps removed and made again: an inode number may come back at once. */
  readonly #suspect = new Set<string>();

  constructor(options: FolderWatchOptions) {
    this.#options = options;
  }

  /** Begins to watch a folder where it exists; true where that is new. */
  add(folder: string): boolean {
    try {
      const { dev, ino, birthtimeNs } = lstatSync(folder, { bigint: true });
      const identity = `${dev}:${ino}:${birthtimeNs}`;
      const suspect = this.#suspect.delete(folder);
      if (!suspect && this.#watched.get(folder)?.identity === identity) return false;
      // A watcher sticks to the folder it was made for: one made again under the same name needs a new one, and the
      // old one must be closed first, as the system hands out the same watcher for the same path.
      this.#remove(folder);
      const watcher = watch(folder, { persistent: false }, (event, name) => this.#notice(folder, event, name));
      watcher.on("error", () => this.#remove(folder));
      this.#watched.set(folder, { watcher, identity });
      this.#failed.delete(folder);
      return true;
    } catch (thrown) {
      this.#remove(folder);
      if (fileErrorCode(thrown) === "ENOENT" || this.#failed.has(folder)) return false;
      this.#failed.add(folder);
      this.#options.onError(folder, thrown);
      return false;
    }
  }

  /** Ends the watching of all folders but these. */
  keepOnly(folders: ReadonlySet<string>): void {
    for (const folder of this.#watched.keys()) if (!folders.has(folder)) this.#remove(folder);
    for (const folder of this.#suspect) if (!folders.has(folder)) this.#suspect.delete(folder);
    for (const folder of this.#failed) if (!folders.has(folder)) this.#failed.delete(folder);
  }

  close(): void {
    this.keepOnly(new Set());
  }

  #notice(folder: string, event: string, name: string | null): void {
    // Its own name is told when a folder itself goes.
    if (event === "rename") this.#suspect.add(name === null || name === basename(folder) ? folder : join(folder, name));
    this.#options.onEvent(name === null ? null : join(folder, name));
  }

  #remove(folder: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
  }
}
