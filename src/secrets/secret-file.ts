// One secret in one file: read again only when the file has changed.

import type { BigIntStats } from "node:fs";
import { constants, open, stat } from "node:fs/promises";

export interface SecretFileOptions {
  readonly maxBytes: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Reads the bytes of a regular file, at most `maxBytes` and one more. */
  readonly readFile: (path: string, maxBytes: number) => Promise<Uint8Array>;
}

/** A file system stamps files no finer than this, so two changes within it can carry one stamp. */
const stampResolutionMs = 2000;

/** The text of a secret file without its last newline; a `problem` instead when there is none to be had. */
export type SecretFileResult =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

export class SecretFile {
  readonly #path: string;
  readonly #options: SecretFileOptions;
  #cached: { readonly stamp: string; readonly text: string } | undefined;

  constructor(path: string, options: SecretFileOptions) {
    this.#path = path;
    this.#options = options;
  }

  async read(): Promise<SecretFileResult> {
    try {
      return await this.#read();
    } catch (error) {
      this.#cached = undefined;
      return { ok: false, problem: describeError(error) };
    }
  }

  async #read(): Promise<SecretFileResult> {
    // The stamp is taken before the content: if the file changes between the two, the next stamp differs.
    const stats = await stat(this.#path, { bigint: true });
    const stamp = stampOf(stats);
    if (this.#cached?.stamp === stamp) return { ok: true, text: this.#cached.text };
    this.#cached = undefined;
    if (!stats.isFile()) return { ok: false, problem: "it is not a regular file" };
    const bytes = await this.#options.readFile(this.#path, this.#options.maxBytes);
    if (bytes.length > this.#options.maxBytes) {
      return { ok: false, problem: `it is larger than ${this.#options.maxBytes} bytes` };
    }
    const text = decode(bytes)?.replace(/\r?\n$/, "");
    if (text === undefined) return { ok: false, problem: "it is not UTF-8 text" };
    if (text.trim() === "") return { ok: false, problem: "it is empty" };
    if (this.#options.now() - Number(stats.ctimeMs) > stampResolutionMs) this.#cached = { stamp, text };
    return { ok: true, text };
  }
}

function stampOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

/** The bytes of a regular file, at most `maxBytes` and one more; never waits for the other end of a pipe. */
export async function readRegularFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new Error("not a regular file");
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } finally {
    await file.close();
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** What is wrong, from the error's code alone: the message of a foreign error could hold anything. */
function describeError(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "it does not exist";
    case "EACCES":
    case "EPERM":
      return "the server is not allowed to read it";
    case "ELOOP":
      return "its symbolic links lead in a circle";
    default:
      return code === "" ? "it cannot be read" : `it cannot be read (${code})`;
  }
}
