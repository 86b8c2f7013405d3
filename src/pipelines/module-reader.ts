// Reads the files of one bundle: regular files that really are inside the pipelines folder, of limited size and
// number, and remembers every path it looked at.

import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { fileErrorCode, readStamp } from "./file-stamp.ts";

export interface ReadLimits {
  readonly maxFileBytes: number;
  readonly maxFiles: number;
}

/** What is at a path below the root; `path` is the real one, without symlinks. */
export type Found =
  | { readonly type: "file"; readonly path: string }
  | { readonly type: "directory"; readonly path: string }
  | { readonly type: "absent" }
  | { readonly type: "refused"; readonly reason: string };

/** A text that counts as the content of a file below the root, whatever is there. */
export interface GivenFile {
  readonly path: string;
  readonly text: string;
}

export type ReadResult = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  ENOTDIR: "it does not exist",
  EACCES: "permission denied",
  ELOOP: "the symlink goes round in circles",
  ENAMETOOLONG: "its name is too long",
  EISDIR: "it is a folder",
};

export class ModuleReader {
  readonly #root: string;
  readonly #limits: ReadLimits;
  readonly #given: GivenFile | null;
  readonly #found = new Map<string, Promise<Found>>();
  readonly #texts = new Map<string, Promise<ReadResult>>();
  readonly #inputs = new Map<string, string>();

  /** `root` is a real path. */
  constructor(root: string, limits: ReadLimits, given: GivenFile | null = null) {
    this.#root = root;
    this.#limits = limits;
    this.#given = given;
  }

  /** Every path looked at, below the root, with its stamp when it was first looked at. */
  get inputs(): ReadonlyMap<string, string> {
    return this.#inputs;
  }

  /** What is at a path below the root. */
  find(path: string): Promise<Found> {
    const known = this.#found.get(path) ?? this.#look(path);
    this.#found.set(path, known);
    return known;
  }

  /** The text of a file that `find` found, by its real path. */
  read(path: string): Promise<ReadResult> {
    const known = this.#texts.get(path);
    if (known) return known;
    const reading =
      this.#texts.size < this.#limits.maxFiles
        ? this.#load(path)
        : Promise.resolve({ ok: false, reason: `a pipeline may have at most ${this.#limits.maxFiles} files` } as const);
    this.#texts.set(path, reading);
    return reading;
  }

  async #look(path: string): Promise<Found> {
    const absolute = join(this.#root, path);
    const stamp = await readStamp(absolute);
    this.#inputs.set(path, stamp);
    if (path === this.#given?.path) return await this.#give(this.#given);
    if (stamp === "absent") return { type: "absent" };
    return await this.#followLinks(absolute, stamp === "directory" ? "directory" : "file");
  }

  async #followLinks(absolute: string, type: "file" | "directory"): Promise<Found> {
    try {
      const path = relative(this.#root, await realpath(absolute));
      if (path !== ".." && !path.startsWith(`..${sep}`)) return { type, path };
      return { type: "refused", reason: `it is a symlink to ${join(this.#root, path)}, outside the pipelines folder` };
    } catch (thrown) {
      return { type: "refused", reason: describeFileError(thrown) };
    }
  }

  /** The text counts as the file of this name in the folder that is really there, if one is. */
  async #give({ path, text }: GivenFile): Promise<Found> {
    const folder = join(this.#root, dirname(path));
    const found = (await readStamp(folder)) === "absent" ? null : await this.#followLinks(folder, "directory");
    if (found?.type === "refused") return found;
    const real = found?.type === "directory" ? join(found.path, basename(path)) : path;
    const { maxFileBytes } = this.#limits;
    const tooLarge = { ok: false, reason: `it is larger than ${maxFileBytes} bytes` } as const;
    const fits = Buffer.byteLength(text) <= maxFileBytes;
    this.#texts.set(real, Promise.resolve(fits ? { ok: true, text } : tooLarge));
    return { type: "file", path: real };
  }

  async #load(path: string): Promise<ReadResult> {
    let handle: FileHandle | undefined;
    try {
      // Without O_NONBLOCK a named pipe would hold the open until someone writes to it.
      const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;
      handle = await open(join(this.#root, path), flags);
      const status = await handle.stat();
      if (!status.isFile()) return { ok: false, reason: "it is not a regular file" };
      return await this.#readText(handle);
    } catch (thrown) {
      // A socket cannot be opened at all.
      const special = fileErrorCode(thrown) === "ENXIO";
      return { ok: false, reason: special ? "it is not a regular file" : describeFileError(thrown) };
    } finally {
      await handle?.close();
    }
  }

  async #readText(handle: FileHandle): Promise<ReadResult> {
    const { maxFileBytes } = this.#limits;
    const bytes = new Uint8Array(Math.min((await handle.stat()).size, maxFileBytes) + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > maxFileBytes) return { ok: false, reason: `it is larger than ${maxFileBytes} bytes` };
    try {
      return { ok: true, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length)) };
    } catch {
      return { ok: false, reason: "it is not UTF-8 text" };
    }
  }
}

/** Why a file could not be used, as the end of a sentence. */
export function describeFileError(thrown: unknown): string {
  return reasons[fileErrorCode(thrown)] ?? (thrown instanceof Error ? thrown.message : String(thrown));
}
