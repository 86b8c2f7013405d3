// The mark on containers that tells which server made them: two servers may share one engine.

import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { notWritten } from "../process/not-started.ts";

const markFile = "server";
/** Ends with the inode of its file: a copy of the folder belongs to another server. */
const shape = /^[0-9a-f-]{36}-(\d+)$/;

/** The mark kept in the folder; null where no container was ever made from it. */
export function findServerMark(folder: string): string | null {
  try {
    const file = join(folder, markFile);
    const text = readFileSync(file, "latin1").trim();
    return shape.exec(text)?.[1] === String(statSync(file).ino) ? text : null;
  } catch {
    return null;
  }
}

/** @throws {AppError} STEP_NOT_STARTED when a new one cannot be kept. */
export function loadServerMark(folder: string): string {
  const found = findServerMark(folder);
  if (found !== null) return found;
  const file = join(folder, markFile);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const fd = openSync(file, "w", 0o600);
    try {
      const mark = `${randomUUID()}-${fstatSync(fd).ino}`;
      writeSync(fd, `${mark}\n`);
      return mark;
    } finally {
      closeSync(fd);
    }
  } catch (thrown) {
    throw notWritten(file, thrown);
  }
}
