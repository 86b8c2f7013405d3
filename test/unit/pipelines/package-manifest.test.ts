// Which file of a package its package.json names.

import { describe, expect, test } from "bun:test";
import {
  findBrowserReplacement,
  findInternalTarget,
  findTargets,
  parseManifest,
} from "../../../src/pipelines/package-manifest.ts";

describe("findTargets()", () => {
  test.each([
    [{}, ".", ["./index"]],
    [{ main: "lib/a.js" }, ".", ["./lib/a.js", "./index"]],
    [{ main: "./a.cjs", module: "./a.mjs" }, ".", ["./a.mjs", "./a.cjs", "./index"]],
    [{ main: "a.js", browser: "b.js" }, ".", ["./b.js", "./a.js", "./index"]],
    [{ main: "a.js" }, "./deep/file", ["./deep/file"]],
    [{ exports: "./a.js", main: "b.js" }, ".", ["./a.js"]],
    [{ exports: "./a.js" }, "./deep", null],
    [{ exports: { node: "./n.js", import: "./i.js", default: "./d.js" } }, ".", ["./i.js"]],
    [{ exports: { ".": { require: "./r.cjs", default: "./d.js" } } }, ".", ["./d.js"]],
    [{ exports: { ".": [{ node: "./n.js" }, "./d.js"] } }, ".", ["./d.js"]],
    [{ exports: { "./*": "./dist/*.js", "./in/*": null } }, "./x/y", ["./dist/x/y.js"]],
    [{ exports: { "./*": "./dist/*.js", "./in/*": null } }, "./in/y", null],
    [{ exports: { "./f/": "./dist/" } }, "./f/y.js", ["./dist/y.js"]],
    [{ exports: { "./*": "./$&*" } }, "./$&", ["./$&$&"]],
    [{ exports: { ".": { import: { import: {} } } } }, ".", null],
  ])("of %j for %p are %j", (manifest, subpath, expected) => {
    expect(findTargets(manifest, subpath, "import")).toEqual(expected);
  });

  test("prefers main to module for require, and the condition require to import", () => {
    expect(findTargets({ main: "./a.cjs", module: "./a.mjs" }, ".", "require")?.[0]).toBe("./a.cjs");
    expect(findTargets({ exports: { import: "./a.mjs", require: "./a.cjs" } }, ".", "require")).toEqual(["./a.cjs"]);
  });
});

test("findInternalTarget() maps #names and nothing else", () => {
  const manifest = { imports: { "#a": { browser: "./b.js", default: "./n.js" }, "#d/*": "./d/*.js" } };
  expect(findInternalTarget(manifest, "#a", "import")).toBe("./b.js");
  expect(findInternalTarget(manifest, "#d/x", "import")).toBe("./d/x.js");
  expect(findInternalTarget(manifest, "#none", "import")).toBeNull();
  expect(findInternalTarget({}, "#a", "import")).toBeNull();
});

test("findBrowserReplacement() finds files with and without extension, packages, and false", () => {
  const manifest = { browser: { "./lib/node": "./lib/web.js", fs: false, "ws.js": "./w.js", constructor: 1 } };
  expect(findBrowserReplacement(manifest, "./lib/node.js")).toBe("./lib/web.js");
  expect(findBrowserReplacement(manifest, "fs")).toBe(false);
  expect(findBrowserReplacement(manifest, "./ws.js")).toBe("./w.js");
  expect(findBrowserReplacement(manifest, "toString")).toBeUndefined();
  expect(findBrowserReplacement({ browser: "./x.js" }, "./x.js")).toBeUndefined();
});

test("parseManifest() takes a broken package.json as an empty one", () => {
  expect(parseManifest("{")).toEqual({});
  expect(parseManifest("[]")).toEqual({});
});
