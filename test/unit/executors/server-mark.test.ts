// The mark that tells a server's containers from those of others.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findServerMark, loadServerMark } from "../../../src/executors/container/server-mark.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runner-mark-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a mark is made once and kept", () => {
  expect(findServerMark(folder)).toBeNull();
  const mark = loadServerMark(folder);
  expect([loadServerMark(folder), findServerMark(folder)]).toEqual([mark, mark]);
});

test("a copy of the folder has no claim to the containers of the original", () => {
  const mark = loadServerMark(join(folder, "original"));
  cpSync(join(folder, "original"), join(folder, "copy"), { recursive: true });
  expect(findServerMark(join(folder, "copy"))).toBeNull();
  expect(loadServerMark(join(folder, "copy"))).not.toBe(mark);
  expect(loadServerMark(join(folder, "original"))).toBe(mark);
});
