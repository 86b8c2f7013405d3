// Removing what steps left, whatever it is.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTreeRemover } from "../../../src/executors/executors.ts";
import { smallDiskUnavailable, withSmallDisk } from "../store/small-disk.ts";
import { rejection } from "../store/store-files.ts";

const removeTree = createTreeRemover({ path: process.env["PATH"] ?? "/usr/bin:/bin" });
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runner-tree-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("2,000 folders in each other are removed in a moment", async () => {
  const tree = join(folder, "tree");
  const script = `mkdir ${tree}; cd ${tree}; d=$(printf %0200d 1); i=0; while [ $i -lt 2000 ]; do mkdir $d; cd ./$d; i=$((i+1)); done`;
  expect(Bun.spawnSync(["sh", "-c", script]).exitCode).toBe(0);
  await removeTree(tree);
  expect(existsSync(tree)).toBe(false);
});

test("folders without permissions are removed, and what links lead to is not", async () => {
  const tree = join(folder, "-tree of 'a' $USER");
  mkdirSync(join(tree, "a/b"), { recursive: true });
  mkdirSync(join(folder, "kept"));
  writeFileSync(join(folder, "kept/file"), "");
  symlinkSync(join(folder, "kept"), join(tree, "a/link"));
  Bun.spawnSync(["chmod", "000", join(tree, "a/b"), join(tree, "a")]);
  await removeTree(tree);
  expect(readdirSync(folder)).toEqual(["kept"]);
  expect(readdirSync(join(folder, "kept"))).toEqual(["file"]);
});

test("what is not there is fine", async () => {
  await removeTree(join(folder, "none"));
});

test.skipIf(smallDiskUnavailable !== null && !process.env["CI"])("what cannot be removed is said", async () => {
  await withSmallDisk(1, async (disk) => {
    const error = await rejection(removeTree(disk));
    expect((error as Error).message).toMatch(/^rm: .*busy/);
  });
});
