// Caches: folders that last from run to run of a pipeline, named by keys of its own.

import { createHash } from "node:crypto";
import { chmod, lstat, mkdir, readdir, rename, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode, toDiskError } from "./disk-error.ts";

export interface Cache {
  /** No volume that a script names can be called so. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** Scripts choose the names of volumes without a colon. */
const namePattern = /^cache:[0-9a-f]{32}$/;
const aside = ".removed";
/** What steps see of the folder of a cache; the folder itself is ours whatever they do, and tells when it was used. */
const inside = "files";

export class Caches {
  readonly #root: string;
  readonly #removeTree: (folder: string) => Promise<void>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(root: string, removeTree: (folder: string) => Promise<void>) {
    this.#root = root;
    this.#removeTree = removeTree;
  }

  /** The cache, made if it is not there; counts as used now. @throws {AppError} STORE_UNAVAILABLE when the disk refuses. */
  async open(pipeline: string, key: string, now: number): Promise<Cache> {
    const id = createHash("sha256").update(`${pipeline}\0${key}`).digest("hex").slice(0, 32);
    const path = join(this.#root, id, inside);
    return await this.#inTurn(async () => await this.#make({ name: `cache:${id}`, path }, key, now));
  }

  async #make(cache: Cache, key: string, now: number): Promise<Cache> {
    const { path } = cache;
    try {
      await mkdir(this.#root, { recursive: true, mode: 0o700 });
      await mkdir(path, { recursive: true });
      // As for volumes: whoever a container's process is may write here, and the folder above keeps others out.
      await chmod(path, 0o777).catch((thrown: unknown) => {
        // A container has given it to a user of its own, who may do as well.
        if (systemCode(thrown) !== "EPERM") throw thrown;
      });
      await utimes(dirname(path), now / 1000, now / 1000);
    } catch (thrown) {
      throw toDiskError(thrown, `the cache ${JSON.stringify(key.slice(0, 200))} could not be made`);
    }
    return cache;
  }

  /** Undefined where this is no name of a cache, or it is gone. */
  async find(name: string): Promise<Cache | undefined> {
    if (!namePattern.test(name)) return undefined;
    const path = join(this.#root, name.slice("cache:".length), inside);
    return (await lstat(path).catch(() => null))?.isDirectory() ? { name, path } : undefined;
  }

  /**
   * Removes those that no run has asked for since; gives how many, and what is wrong with the first that cannot be.
   * Steps may still write into one of a long run.
   */
  async removeUnused(before: number): Promise<{ readonly removed: number; readonly problem: string | null }> {
    let removed = 0;
    let problem: string | null = null;
    for (const name of await readdir(this.#root).catch(() => [])) {
      try {
        const path = await this.#inTurn(async () => await this.#putAside(name, before));
        if (path === null) continue;
        await this.#removeTree(path);
        removed++;
      } catch (thrown) {
        problem ??= `${join(this.#root, name)}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
      }
    }
    return { removed, problem };
  }

  /** Where it is to be removed from: whoever asks for it while that goes on has a new one. Null: it stays. */
  async #putAside(name: string, before: number): Promise<string | null> {
    const path = join(this.#root, name);
    // What an earlier removal has left.
    if (name.endsWith(aside) && namePattern.test(`cache:${name.slice(0, -aside.length)}`)) return path;
    const stat = await lstat(path).catch(() => null);
    if (!namePattern.test(`cache:${name}`) || stat === null || stat.mtimeMs >= before) return null;
    await rename(path, path + aside);
    return path + aside;
  }

  /** One thing after the other, so that none is put aside that was just asked for. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return await done;
  }
}
