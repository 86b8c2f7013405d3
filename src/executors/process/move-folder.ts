// Moving a folder that a step has left, whatever it did to the rights of it.

import { chmodSync, lstatSync, readlinkSync, renameSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "./not-started.ts";

/** Whether something is there; also in a folder that a step has shut to itself. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (thrown) {
    if (!isRefused(thrown)) throw thrown;
    allowOwner(dirname(path));
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  }
}

/** What is another user's, as a container may leave it, cannot be moved: it is linked, and stays so. */
export function moveFolder(source: string, path: string): void {
  try {
    renameSync(source, path);
  } catch (thrown) {
    if (!isRefused(thrown)) throw thrown;
    if (!moveShut(source, path)) symlinkSync(source, path);
  }
}

export function isLinkTo(path: string, source: string): boolean {
  return lstatSync(path).isSymbolicLink() && readlinkSync(path) === source;
}

/** A folder's `..` is written when it moves, which takes the right to write it. */
function moveShut(source: string, path: string): boolean {
  const found = lstatSync(source);
  try {
    allowOwner(dirname(source));
    if (found.isDirectory()) allowOwner(source);
    renameSync(source, path);
  } catch (thrown) {
    if (isRefused(thrown)) return false;
    throw thrown;
  }
  if (found.isDirectory()) chmodSync(path, found.mode & 0o7777);
  return true;
}

function allowOwner(folder: string): void {
  const { mode } = lstatSync(folder);
  if ((mode & 0o700) !== 0o700) chmodSync(folder, (mode & 0o7777) | 0o700);
}

function isRefused(thrown: unknown): boolean {
  return ["EACCES", "EPERM"].includes(systemCode(thrown));
}
