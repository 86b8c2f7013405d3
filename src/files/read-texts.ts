// Reading several files as texts, within one limit for all of them.

import { Buffer } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import { AppError } from "../core/app-error.ts";
import { toReadError } from "./open-regular-file.ts";

const maxPaths = 1000;
const maxBytes = 10 * 1024 * 1024;
const pieceBytes = 256 * 1024;
const leastPieceBytes = 4096;

/** @throws {AppError} what `openFile` throws, FILE_TOO_LARGE, VALIDATION_FAILED for too many paths, RUN_CANCELLED. */
export async function readTexts(
  paths: readonly string[],
  openFile: (path: string) => Promise<FileHandle>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const wanted = new Set(paths);
  if (wanted.size > maxPaths) {
    throw new AppError("VALIDATION_FAILED", `volumes.readFiles: ${wanted.size} files were asked for at once`, {
      hint: `ask for at most ${maxPaths}`,
    });
  }
  const texts: [path: string, text: string][] = [];
  let leftBytes = maxBytes;
  for (const path of wanted) {
    const file = await openFile(path);
    try {
      const bytes = await readWhole(file, path, leftBytes, signal);
      leftBytes -= bytes.length;
      texts.push([path, bytes.toString("utf8")]);
    } finally {
      await file.close();
    }
  }
  return Object.fromEntries(texts);
}

/** A file may grow while it is read, so its size says only where to begin. */
async function readWhole(file: FileHandle, path: string, mostBytes: number, signal: AbortSignal): Promise<Buffer> {
  const shown = JSON.stringify(path.slice(0, 200));
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    const { size } = await file.stat();
    for (let ended = false; !ended;) {
      if (signal.aborted) throw new AppError("RUN_CANCELLED", `the run ended while ${shown} was read`);
      if (size > mostBytes || length > mostBytes) throw tooLarge(shown);
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, Math.max(size - length + 1, leastPieceBytes)));
      const { bytesRead } = await file.read(piece, 0, piece.length, length);
      pieces.push(piece.subarray(0, bytesRead));
      length += bytesRead;
      ended = bytesRead === 0;
    }
  } catch (thrown) {
    throw thrown instanceof AppError ? thrown : toReadError(thrown, shown);
  }
  return Buffer.concat(pieces, length);
}

function tooLarge(shown: string): AppError {
  return new AppError("FILE_TOO_LARGE", `with ${shown} the files are over 10 MiB together`, {
    hint: "read fewer at once, take in a step what you need of it, or keep the file with artifacts.save",
  });
}
