// The mark on containers that tells which server made them: two servers may share one engine.

import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { notWritten } from "../process/not-started.ts";

const markFile = "server";
const shape = /^[0-9a-f-]{36}$/;

/** The mark kept in the folder; null where no container was ever made from it. */
export function findServerMark(folder: string): string | null {
  try {
    const text = readFileSync(join(folder, markFile), "latin1").trim();
    return shape.test(text) ? text : null;
  } catch {
    return null;
  }
}

/** @throws {AppError} STEP_NOT_STARTED when a new one cannot be kept. */
export function loadServerMark(folder: string): string {
  const found = findServerMark(folder);
  if (found !== null) return found;
  const mark = randomUUID();
  const file = join(folder, markFile);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, `${mark}\n`, { mode: 0o600 });
    return mark;
  } catch (thrown) {
    throw notWritten(file, thrown);
  }
}
