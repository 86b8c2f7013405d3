// A folder in a volume is read as one of its own.

import { expect, test } from "bun:test";
import type { Folder } from "../../../../../src/pipelines/concourse/runtime/script-globals.ts";
import { within } from "../../../../../src/pipelines/concourse/runtime/within.ts";

const asked: string[] = [];
const volume: Folder = {
  path: "/v",
  readFiles: async (...paths) => {
    asked.push(...paths);
    const [missing] = paths.filter((path) => path.endsWith("missing"));
    if (missing !== undefined) throw new Error(`cannot read ${JSON.stringify(missing)} in the volume v: no such file`);
    return await Promise.resolve(Object.fromEntries(paths.map((path) => [path, `text of ${path}`])));
  },
};
const inner = within(within(volume, "a"), "deep/b");

test("its path is below, and its files are by their paths in it", async () => {
  expect(inner.path).toBe("/v/a/deep/b");
  expect(await inner.readFiles("x", "y/z")).toEqual({ x: "text of a/deep/b/x", "y/z": "text of a/deep/b/y/z" });
  expect(asked).toEqual(["a/deep/b/x", "a/deep/b/y/z"]);
});

test("what cannot be read is named as in it", async () => {
  const thrown: unknown = await inner.readFiles("y/missing").catch((error: unknown) => error);
  expect((thrown as Error).message).toBe('cannot read "y/missing" in the volume v: no such file');
});

test("what cannot be read there is read where it was before, as a link to that may be in its place", async () => {
  const before: Folder = {
    path: "/before",
    readFiles: async (...paths) => {
      if (paths.includes("y/missing")) throw new Error("no such file either");
      return await Promise.resolve(Object.fromEntries(paths.map((path) => [path, "of before"])));
    },
  };
  const moved = within(volume, "a", before);
  expect(await moved.readFiles("x")).toEqual({ x: "text of a/x" });
  expect(await moved.readFiles("missing")).toEqual({ missing: "of before" });
  const thrown: unknown = await moved.readFiles("y/missing").catch((error: unknown) => error);
  expect((thrown as Error).message).toBe('cannot read "y/missing" in the volume v: no such file');
});
