// A download becomes a file or output: the whole of it, or nothing that could be taken for the whole.

import { open, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../core/app-error.ts";
import { createOutputFilter } from "./printable.ts";
import type { OutputStream } from "./terminal.ts";

export interface DownloadFile {
  readonly cwd: string;
  /** Relative to `cwd`, or absolute. */
  readonly name: string;
  /** Replaces a file that is there. */
  readonly force: boolean;
}

export interface Downloaded {
  /** As it was named. */
  readonly path: string;
  readonly bytes: number;
}

/** @throws {AppError} USAGE when the file is there already or cannot be written; what reading the pieces throws. */
export async function saveDownload(pieces: AsyncIterable<Uint8Array>, wanted: DownloadFile): Promise<Downloaded> {
  const path = resolve(wanted.cwd, wanted.name);
  // Without --force the file itself is made at once, so that nobody's file of this name can come between.
  const written = wanted.force ? join(dirname(path), `.runner-${process.pid}.part`) : path;
  const iterator = pieces[Symbol.asyncIterator]();
  // Asked for first: what is not there must not leave an empty file.
  let next = await iterator.next();
  const refused = (thrown: unknown): never => {
    throw notWritable(wanted.name, thrown);
  };
  const file = await open(written, "wx").catch((thrown: unknown) => {
    void iterator.return?.();
    return refused(thrown);
  });
  let bytes = 0;
  try {
    for (; !next.done; next = await iterator.next()) {
      await file.writeFile(next.value).catch(refused);
      bytes += next.value.length;
    }
    await file.close();
    if (wanted.force) await rename(written, path).catch(refused);
  } catch (thrown) {
    await file.close().catch(() => undefined);
    await rm(written, { force: true });
    throw thrown;
  }
  return { path: wanted.name, bytes };
}

/** Resolves with false where the reader went away. A terminal is shown text: other bytes could do things to it. */
export async function writeDownload(pieces: AsyncIterable<Uint8Array>, out: OutputStream): Promise<boolean> {
  const decoder = new TextDecoder();
  const filter = createOutputFilter(out.hasColours);
  for await (const piece of pieces) {
    await out.write(out.isTerminal ? filter(decoder.decode(piece, { stream: true })) : piece);
    if (out.closed) return false;
  }
  return true;
}

function notWritable(name: string, thrown: unknown): AppError {
  const exists = thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST";
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError("USAGE", exists ? `${name} is there already` : `cannot write ${name}: ${reason}`, {
    hint: exists ? "replace it with --force, or choose another file with -o FILE" : "choose another file with -o FILE",
    cause: thrown,
  });
}
