// A script on this machine that is to be uploaded: read, and checked as far as that is possible here.

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { AppError } from "../core/app-error.ts";
import { formatByteSize } from "../core/byte-size.ts";
import {
  findPipelineExtension,
  isPipelineFile,
  maxPipelineFileBytes,
  type PipelineExtension,
  pipelineExtensions,
} from "../core/pipeline-file.ts";

export interface PipelineFile {
  readonly source: string;
  readonly extension: PipelineExtension;
  /** The file's base name without the extension. */
  readonly name: string;
}

/** @throws {AppError} NOT_FOUND, VALIDATION_FAILED saying what is wrong with the file. */
export async function readPipelineFile(cwd: string, path: string): Promise<PipelineFile> {
  const extension = findPipelineExtension(extname(path));
  if (extension === undefined || !isPipelineFile(path)) {
    throw invalid(
      `${path} is not the file of a pipeline`,
      `the name of a pipeline's file ends in ${pipelineExtensions.join(", ")}`,
    );
  }
  const bytes = await readBytes(path, resolve(cwd, path));
  return { source: decode(path, bytes), extension, name: basename(path, extension) };
}

async function readBytes(shown: string, path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    // A named pipe would hold the open until someone writes to it.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = await file.stat();
    if (!status.isFile()) throw invalid(`${shown} is not a regular file`);
    if (status.size > maxPipelineFileBytes) throw tooLarge(shown, status.size);
    const bytes = await file.readFile();
    if (bytes.length > maxPipelineFileBytes) throw tooLarge(shown, bytes.length);
    return bytes;
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "UNKNOWN";
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new AppError("NOT_FOUND", `the file ${shown} does not exist`, { hint: `looked for at ${path}`, cause });
    }
    throw invalid(`cannot read the file ${shown}: ${code === "EACCES" ? "permission denied" : code}`);
  } finally {
    await file?.close();
  }
}

function decode(shown: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid(`${shown} is not UTF-8 text`);
  }
}

function tooLarge(shown: string, bytes: number): AppError {
  const limit = formatByteSize(maxPipelineFileBytes);
  const hint = "move what it needs into files that it imports, below the server's pipelines folder";
  return invalid(`${shown} has ${bytes} bytes; a pipeline's file has at most ${limit}`, hint);
}

function invalid(message: string, hint?: string): AppError {
  return new AppError("VALIDATION_FAILED", message, hint === undefined ? {} : { hint });
}
