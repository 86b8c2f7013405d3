// Copying a file piece by piece: never whole in memory, never beyond its limit, ended at once when the run ends.

import { Buffer } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import { AppError } from "../core/app-error.ts";
import { formatByteSize } from "../core/byte-size.ts";

export interface CopyLimits {
  /** What messages call the copy. */
  readonly name: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

const pieceBytes = 1024 * 1024;
/** Some files, as those of /proc, say that they are empty. */
const leastPieceBytes = 4096;

/** Returns the length. @throws {AppError} FILE_TOO_LARGE, RUN_CANCELLED; or what the system says. */
export async function copyPieces(from: FileHandle, to: FileHandle, limits: CopyLimits): Promise<number> {
  const { size } = await from.stat();
  checkSize(size, limits);
  const piece = Buffer.allocUnsafe(Math.min(pieceBytes, Math.max(size + 1, leastPieceBytes)));
  for (let length = 0; ;) {
    checkAlive(limits);
    const { bytesRead } = await from.read(piece, 0, piece.length, length);
    if (bytesRead === 0) return length;
    length += bytesRead;
    // It may grow while it is copied.
    checkSize(length, limits);
    await writeAll(to, piece.subarray(0, bytesRead));
  }
}

export async function writeWhole(content: Uint8Array, to: FileHandle, limits: CopyLimits): Promise<number> {
  checkAlive(limits);
  checkSize(content.length, limits);
  await writeAll(to, content);
  return content.length;
}

/** One write may take less than it was given: a disk that is nearly full does. */
async function writeAll(to: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    offset += (await to.write(bytes, offset, bytes.length - offset)).bytesWritten;
  }
}

function checkAlive({ name, signal }: CopyLimits): void {
  if (signal.aborted) throw new AppError("RUN_CANCELLED", `the run ended while ${JSON.stringify(name)} was saved`);
}

function checkSize(bytes: number, { name, maxBytes }: CopyLimits): void {
  if (bytes <= maxBytes) return;
  const message = `the artifact ${JSON.stringify(name)} has over ${formatByteSize(maxBytes)}`;
  throw new AppError("FILE_TOO_LARGE", message, { hint: "raise max_artifact_size, or keep it somewhere else" });
}
