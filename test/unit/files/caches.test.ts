// Caches: whose they are, what may be read of them, and when they go.

import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Caches } from "../../../src/files/caches.ts";
import { rejection } from "../store/store-files.ts";
import { makeRunFolder, never, otherRunId, runId, type RunFolder } from "./run-folder.ts";

let folder: RunFolder;
beforeEach(() => {
  folder = makeRunFolder();
});
afterEach(() => folder.remove());

test("a cache is the same folder for every run of its pipeline, and another for other pipelines and keys", async () => {
  const { caches } = folder.files;
  const first = await caches.open("ci", "npm", 0);
  expect(await folder.reopen().caches.open("ci", "npm", 1)).toEqual(first);
  const others = await Promise.all([
    caches.open("ci", "go", 0),
    caches.open("cd", "npm", 0),
    caches.open("cin", "pm", 0),
    caches.open("c", "inpm", 0),
  ]);
  expect(new Set([first, ...others].map(({ path }) => path)).size).toBe(5);
});

test("what is no name of a cache leads to none", async () => {
  const { caches } = folder.files;
  const { name } = await caches.open("ci", "npm", 0);
  expect(await Promise.all([caches.find("cache:.."), caches.find("cache:"), caches.find(name.slice(6))])).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("a key that looks like a path leads nowhere else", async () => {
  const { path } = await folder.files.caches.open("ci", "../../../etc", 0);
  expect(path.startsWith(join(folder.dir, "data", "caches"))).toBe(true);
  expect(lstatSync(path).mode & 0o7777).toBe(0o777);
});

test("files of a cache are read by its name, as of a volume, and no link leads out of it", async () => {
  const { caches, volumes } = folder.files;
  const { name, path } = await caches.open("ci", "npm", 0);
  writeFileSync(join(path, "count"), "3");
  symlinkSync("/etc/passwd", join(path, "link"));
  expect(await volumes.readFiles(runId, name, ["count"], never)).toEqual({ count: "3" });
  expect(await rejection(volumes.readFiles(otherRunId, name, ["link"], never))).toMatchObject({
    code: "FILE_NOT_FOUND",
  });
});

// Only root can give a folder to another user.
test.skipIf(process.getuid?.() !== 0)(
  "a cache that a container has given to another user is still the cache",
  async () => {
    const root = join(folder.dir, "given");
    mkdirSync(root);
    chmodSync(folder.dir, 0o777);
    chmodSync(root, 0o777);
    const caches = new Caches(join(root, "caches"), async () => {});
    process.seteuid?.("nobody");
    try {
      const { path } = await caches.open("ci", "npm", 1000);
      process.seteuid?.(0);
      chownSync(path, 1234, 1234);
      process.seteuid?.("nobody");
      expect((await caches.open("ci", "npm", 2000)).path).toBe(path);
    } finally {
      process.seteuid?.(0);
    }
  },
);

test("no volume of a run can have the name of a cache", async () => {
  const { name } = await folder.files.caches.open("ci", "npm", 0);
  expect(await rejection(folder.files.volumes.create(runId, name))).toMatchObject({ code: "VALIDATION_FAILED" });
});

test("only caches that none has asked for since go, with all that is in them", async () => {
  const { caches } = folder.files;
  const [old, used] = [await caches.open("ci", "old", 1000), await caches.open("ci", "used", 1000)];
  writeFileSync(join(old.path, "file"), "");
  await caches.open("ci", "old", 2000);
  await caches.open("ci", "used", 5000);
  expect(await caches.removeUnused(3000)).toEqual({ removed: 1, problem: null });
  expect([old, used].map(({ path }) => existsSync(path))).toEqual([false, true]);
  expect(readdirSync(join(folder.dir, "data", "caches"))).toHaveLength(1);
  mkdirSync(join(folder.dir, "data", "caches", "something-else"));
  expect(await caches.removeUnused(Date.now() + 9000)).toEqual({ removed: 1, problem: null });
  expect(existsSync(join(folder.dir, "data", "caches", "something-else"))).toBeTrue();
  expect(existsSync(used.path)).toBeFalse();
});

test("a run that asks for a cache while it is being removed has a new one, which stays", async () => {
  const removal = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const caches = new Caches(join(folder.dir, "slow"), async (path) => {
    begun.resolve();
    await removal.promise;
    rmSync(path, { recursive: true });
  });
  const { path } = await caches.open("ci", "npm", 1000);
  writeFileSync(join(path, "old"), "");
  await caches.open("ci", "npm", 1000);
  const removed = caches.removeUnused(2000);
  await begun.promise;
  await caches.open("ci", "npm", 3000);
  writeFileSync(join(path, "new"), "");
  removal.resolve();
  expect(await removed).toEqual({ removed: 1, problem: null });
  expect(readdirSync(path)).toEqual(["new"]);
});

test("a cache that cannot be removed is told, keeps no other, and is tried again", async () => {
  let isBroken = true;
  const caches = new Caches(join(folder.dir, "broken"), (path) => {
    if (isBroken && existsSync(join(path, "files/root"))) return Promise.reject(new Error("files of root"));
    rmSync(path, { recursive: true });
    return Promise.resolve();
  });
  for (const key of ["a", "b", "c"]) await caches.open("ci", key, 1000);
  writeFileSync(join((await caches.open("ci", "b", 1000)).path, "root"), "");
  await caches.open("ci", "b", 1000);
  expect(await caches.removeUnused(2000)).toEqual({ removed: 2, problem: expect.stringContaining("files of root") });
  isBroken = false;
  expect(await caches.removeUnused(2000)).toEqual({ removed: 1, problem: null });
  expect(readdirSync(join(folder.dir, "broken"))).toEqual([]);
});
