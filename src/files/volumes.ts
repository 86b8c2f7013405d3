// Volumes: folders that a run shares with its steps and containers, for as long as it lives.

import { chmod, lstat, mkdir, readdir, realpath, type FileHandle } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { AppError } from "../core/app-error.ts";
import type { Caches } from "./caches.ts";
import { toDiskError } from "./disk-error.ts";
import { leadsOut, openRegularFile } from "./open-regular-file.ts";
import { readTexts } from "./read-texts.ts";

/** Removes a folder and all in it, whatever the steps of a run have made of it; following no links. */
export type RemoveTree = (folder: string) => Promise<void>;

export interface Volume {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

const maxVolumes = 1000;
const maxPathLength = 4096;
const namePattern = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/;
const runIdPattern = /^[0-9a-f-]{36}$/;

export class Volumes {
  readonly #root: string;
  readonly #removeTree: RemoveTree;
  /** Known by their names wherever volumes are. */
  readonly #caches: Pick<Caches, "find">;
  /** Runs that may have a folder: most have none, and their end should cost nothing. */
  readonly #runs = new Set<string>();
  #creation: Promise<unknown> = Promise.resolve();
  #removal: Promise<unknown> = Promise.resolve();

  constructor(root: string, removeTree: RemoveTree, caches: Pick<Caches, "find">) {
    this.#root = root;
    this.#removeTree = removeTree;
    this.#caches = caches;
  }

  /**
   * The run's volume of this name, made if it is not there.
   * @throws {AppError} VALIDATION_FAILED for the name, STORE_UNAVAILABLE when the disk refuses.
   */
  async create(runId: string, name: string): Promise<Volume> {
    checkName(name);
    // In turn, so that two calls do not make the same one.
    const created = this.#creation.then(() => this.#create(runId, name));
    this.#creation = created.catch(() => undefined);
    return await created;
  }

  /** @throws {AppError} FILE_NOT_FOUND when the run has no such volume. */
  async get(runId: string, name: string): Promise<Volume> {
    const cache = await this.#caches.find(name);
    if (cache !== undefined) return cache;
    checkName(name);
    const path = join(this.#root, runId, name);
    const stat = await lstat(path).catch(() => null);
    if (stat?.isDirectory()) return { name, path };
    throw new AppError("FILE_NOT_FOUND", `this run has no volume ${JSON.stringify(name)}`, {
      hint: `make it first: await volumes.create({ name: ${JSON.stringify(name)} })`,
    });
  }

  /**
   * The files as texts by the paths asked for; what is no UTF-8 becomes U+FFFD.
   * @throws {AppError} FILE_NOT_FOUND naming the file, FILE_TOO_LARGE over 10 MiB in all, RUN_CANCELLED.
   */
  async readFiles(
    runId: string,
    name: string,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>>> {
    return await readTexts(paths, (path) => this.openFile(runId, name, path), signal);
  }

  /** A regular file of a volume; `path` is below the volume, or absolute in it. @throws {AppError} FILE_NOT_FOUND. */
  async openFile(runId: string, name: string, path: string): Promise<FileHandle> {
    const volume = await this.get(runId, name);
    const shown = `${JSON.stringify(path.slice(0, 200))} in the volume ${name}`;
    if (path === "" || path.length > maxPathLength || path.includes("\0")) {
      throw new AppError("FILE_NOT_FOUND", `cannot read ${shown}: this is no path`);
    }
    const absolute = resolve(volume.path, path);
    if (!absolute.startsWith(volume.path + sep)) throw leadsOut(shown);
    // The folder above is ours alone, so only what is below the volume can be somebody else's link.
    const inside = join(await realpath(dirname(volume.path)), basename(volume.path));
    return await openRegularFile({ path: absolute, shown, inside });
  }

  /**
   * The volume that an absolute path is in, and the rest of the path; null where it is in none. Steps may know the
   * folder by another path than we do: the data folder may be reached by a symlink.
   */
  async locate(path: string): Promise<{ readonly runId: string; readonly name: string; readonly path: string } | null> {
    for (const root of [this.#root, await realpath(this.#root).catch(() => this.#root)]) {
      const [runId = "", name = "", ...rest] = relative(root, resolve(path)).split(sep);
      if (runIdPattern.test(runId) && rest.length > 0) return { runId, name, path: rest.join(sep) };
    }
    return null;
  }

  /** @throws {AppError} STORE_UNAVAILABLE when something is left that this user may not remove. */
  async removeRun(runId: string): Promise<void> {
    if (!this.#runs.has(runId)) return;
    // In turn: many runs that end together must not fill the machine with removals.
    const removed = this.#removal.then(() => this.#remove(runId));
    this.#removal = removed.catch(() => undefined);
    await removed;
  }

  /** Runs that have a folder; names of another shape are not ours to touch. */
  async listRuns(): Promise<readonly string[]> {
    const names = await readdir(this.#root).catch(() => []);
    const runs = names.filter((name) => runIdPattern.test(name));
    for (const run of runs) this.#runs.add(run);
    return runs;
  }

  async #create(runId: string, name: string): Promise<Volume> {
    const folder = join(this.#root, runId);
    this.#runs.add(runId);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const names = new Set(await readdir(folder));
      const path = join(folder, name);
      if (!names.has(name) && names.size >= maxVolumes) {
        throw new AppError("VALIDATION_FAILED", `volumes.create: a run has at most ${maxVolumes} volumes`);
      }
      if (!names.has(name)) await mkdir(path);
      // Whoever a container's process is, it may write here; who is outside is kept out by the folder above. Not
      // sticky: what one container wrote the next may replace. Also of one that was there: a server may have died here.
      await chmod(path, 0o777);
      return { name, path };
    } catch (thrown) {
      throw toDiskError(thrown, `the volume ${name} could not be made`);
    }
  }

  async #remove(runId: string): Promise<void> {
    const folder = join(this.#root, runId);
    try {
      await this.#removeTree(folder);
      this.#runs.delete(runId);
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      throw new AppError("STORE_UNAVAILABLE", `the volumes of run ${runId} could not be removed: ${reason}`, {
        hint: `files of another user need its rights: run \`sudo rm -rf ${folder}\`; the next start tries again`,
        cause: thrown,
      });
    }
  }
}

function checkName(name: string): void {
  if (namePattern.test(name)) return;
  throw new AppError("VALIDATION_FAILED", `${JSON.stringify(name.slice(0, 100))} is no name for a volume`, {
    hint: "use 1 to 64 letters, digits, dots, dashes and underscores, not beginning with a dot",
  });
}
