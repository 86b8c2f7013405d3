// Caches: folders that last from run to run of a pipeline, named by keys of its own.

import { createHash } from "node:crypto";
import { chmod, lstat, mkdir, readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { toDiskError } from "./disk-error.ts";

export interface Cache {
  /** No volume that a script names can be called so. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** Scripts choose the names of volumes without a colon. */
const namePattern = /^cache:[0-9a-f]{32}$/;

export class Caches {
  readonly #root: string;
  readonly #removeTree: (folder: string) => Promise<void>;

  constructor(root: string, removeTree: (folder: string) => Promise<void>) {
    this.#root = root;
    this.#removeTree = removeTree;
  }

  /** The cache, made if it is not there; counts as used now. @throws {AppError} STORE_UNAVAILABLE when the disk refuses. */
  async open(pipeline: string, key: string, now: number): Promise<Cache> {
    const id = createHash("sha256").update(`${pipeline}\0${key}`).digest("hex").slice(0, 32);
    const path = join(this.#root, id);
    try {
      await mkdir(this.#root, { recursive: true, mode: 0o700 });
      await mkdir(path, { recursive: true });
      // As for volumes: whoever a container's process is may write here, and the folder above keeps others out.
      await chmod(path, 0o777);
      await utimes(path, now / 1000, now / 1000);
    } catch (thrown) {
      throw toDiskError(thrown, `the cache ${JSON.stringify(key.slice(0, 200))} could not be made`);
    }
    return { name: `cache:${id}`, path };
  }

  /** Undefined where this is no name of a cache, or it is gone. */
  async find(name: string): Promise<Cache | undefined> {
    if (!namePattern.test(name)) return undefined;
    const path = join(this.#root, name.slice("cache:".length));
    return (await lstat(path).catch(() => null))?.isDirectory() ? { name, path } : undefined;
  }

  /** Removes those that no run has asked for since; gives how many. Steps may still write into one of a long run. */
  async removeUnused(before: number): Promise<number> {
    let removed = 0;
    for (const id of await readdir(this.#root).catch(() => [])) {
      const path = join(this.#root, id);
      const stat = await lstat(path).catch(() => null);
      if (!namePattern.test(`cache:${id}`) || stat === null || stat.mtimeMs >= before) continue;
      await this.#removeTree(path);
      removed++;
    }
    return removed;
  }
}
