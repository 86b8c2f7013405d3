// The files of artifacts: DATA/artifacts/RUN/NUMBER, whole and durable or not there at all.

import { Buffer } from "node:buffer";
import { constants, copyFile, link, mkdir, open, readdir, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { AppError } from "../core/app-error.ts";
import { copyPieces, writeWhole } from "./copy-pieces.ts";
import { toDiskError } from "./disk-error.ts";
import { openRegularFile } from "./open-regular-file.ts";
import type { Volumes } from "./volumes.ts";

export type ArtifactSource =
  | { readonly text: string }
  /** Absolute, or below the volume of this name. */
  | { readonly path: string; readonly volume?: string | undefined };

export interface ArtifactToSave {
  readonly runId: string;
  /** Of the host call: names the file. */
  readonly number: number;
  /** What messages call it. */
  readonly name: string;
  readonly source: ArtifactSource;
  readonly signal: AbortSignal;
}

/** Files on their way; a run's id has another shape. */
const incoming = "incoming";

export class ArtifactFiles {
  readonly #root: string;
  readonly #maxBytes: number;
  readonly #volumes: Volumes;

  constructor(root: string, maxBytes: number, volumes: Volumes) {
    this.#root = root;
    this.#maxBytes = maxBytes;
    this.#volumes = volumes;
  }

  /** Absolute; the file may be gone. */
  path(runId: string, number: number): string {
    return join(this.#root, runId, String(number));
  }

  /**
   * Durable when this resolves, with its size in bytes.
   * @throws {AppError} FILE_NOT_FOUND, FILE_TOO_LARGE, STORE_UNAVAILABLE when the disk refuses, RUN_CANCELLED.
   */
  async save(wanted: ArtifactToSave): Promise<number> {
    const { runId, number, name, source } = wanted;
    const from = "text" in source ? null : await this.#open(runId, source.path, source.volume);
    const part = join(this.#root, incoming, `${runId}.${number}`);
    try {
      await mkdir(dirname(part), { recursive: true, mode: 0o700 });
      const bytes = await this.#write(part, from ?? Buffer.from("text" in source ? source.text : ""), wanted);
      await this.#moveIn(part, this.path(runId, number));
      return bytes;
    } catch (thrown) {
      await rm(part, { force: true }).catch(() => undefined);
      throw toDiskError(thrown, `the artifact ${JSON.stringify(name)} could not be kept`);
    } finally {
      await from?.close();
    }
  }

  /**
   * Gives a run the file of another run's artifact, under the same number; one that is gone stays so.
   * @throws {AppError} STORE_UNAVAILABLE when the disk refuses.
   */
  async take(from: string, runId: string, number: number): Promise<void> {
    const path = this.path(runId, number);
    const part = join(this.#root, incoming, `${runId}.${number}`);
    try {
      await mkdir(dirname(part), { recursive: true, mode: 0o700 });
      await linkOrCopy(this.path(from, number), part);
      await this.#moveIn(part, path);
    } catch (thrown) {
      await rm(part, { force: true }).catch(() => undefined);
      if (isMissing(thrown)) return;
      throw toDiskError(thrown, "an artifact could not be taken over");
    }
  }

  /** Removes the file of an artifact that was saved anew. */
  async remove(runId: string, number: number): Promise<void> {
    await rm(this.path(runId, number), { force: true });
  }

  /** Removes all files of a run. */
  async removeRun(runId: string): Promise<void> {
    await rm(join(this.#root, runId), { recursive: true, force: true });
  }

  /** Runs that have a folder; names of another shape are not ours to touch. */
  async listRuns(): Promise<readonly string[]> {
    const names = await readdir(this.#root).catch(() => []);
    return names.filter((name) => /^[0-9a-f-]{36}$/.test(name));
  }

  /** Runs that were saving something when the server died. */
  async listIncoming(): Promise<readonly string[]> {
    return (await this.#incoming()).map((file) => file.slice(0, file.indexOf(".")));
  }

  async removeIncoming(runId: string): Promise<void> {
    for (const file of await this.#incoming()) {
      if (file.startsWith(`${runId}.`)) await rm(join(this.#root, incoming, file), { force: true });
    }
  }

  async #incoming(): Promise<readonly string[]> {
    const files = await readdir(join(this.#root, incoming)).catch(() => []);
    return files.filter((file) => /^[0-9a-f-]{36}\.\d+$/.test(file));
  }

  async #open(runId: string, path: string, volume: string | undefined): Promise<FileHandle> {
    if (volume !== undefined) return await this.#volumes.openFile(runId, volume, path);
    const shown = JSON.stringify(path.slice(0, 200));
    if (!isAbsolute(path) || path.includes("\0")) {
      throw new AppError("FILE_NOT_FOUND", `cannot read ${shown}: this is no absolute path`, {
        hint: "a step's folder goes with the step: let it write into a volume and give { volume, path }",
      });
    }
    const found = await this.#volumes.locate(path);
    if (found !== null) return await this.#volumes.openFile(found.runId, found.name, found.path);
    return await openRegularFile({ path, shown, inside: null });
  }

  async #write(part: string, from: FileHandle | Uint8Array, { name, signal }: ArtifactToSave): Promise<number> {
    // A life of the server that died here may have left some of it.
    const to = await open(part, "w", 0o600);
    try {
      const limits = { name, maxBytes: this.#maxBytes, signal };
      const bytes = "fd" in from ? await copyPieces(from, to, limits) : await writeWhole(from, to, limits);
      await to.sync();
      return bytes;
    } finally {
      await to.close();
    }
  }

  async #moveIn(part: string, path: string): Promise<void> {
    const folder = dirname(path);
    const isNew = (await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined;
    await rename(part, path);
    await syncFolder(folder);
    if (!isNew) return;
    await syncFolder(this.#root);
    await syncFolder(dirname(this.#root));
  }
}

/** The file never changes, so two names for it do no harm. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (thrown) {
    if (isMissing(thrown)) throw thrown;
    await copyFile(from, to, constants.COPYFILE_EXCL);
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
}

/** A new name in a folder is not on disk before the folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
