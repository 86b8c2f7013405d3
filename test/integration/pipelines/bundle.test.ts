// loadBundle() on real folders: what is bundled, what is refused and where, and that nothing is executed or read
// outside the folder.

import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Clock } from "../../../src/core/clock.ts";
import { type BundleLimits, loadBundle } from "../../../src/pipelines/bundle.ts";
import type { Problem } from "../../../src/pipelines/pipeline.ts";
import { makeFolder, removeFolders, writeFiles } from "../../fixtures/pipelines/temporary-folder.ts";

afterAll(removeFolders);

type Files = Readonly<Record<string, string | Uint8Array>>;

async function bundle(files: Files, file = "main.ts") {
  const result = await loadBundle({ root: makeFolder(files), file });
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2));
  return result.bundle;
}

async function problemsOf(
  root: string,
  file = "main.ts",
  limits: Partial<BundleLimits> = {},
): Promise<readonly Problem[]> {
  const result = await loadBundle({ root, file, limits });
  return result.ok ? [] : result.problems;
}

const problems = (files: Files): Promise<readonly Problem[]> => problemsOf(makeFolder(files));

const place = (problem: Problem | undefined): string => `${problem?.file}:${problem?.line}:${problem?.column}`;

/** What the author's script exports, evaluated as the one module it is. */
async function evaluate(files: Files, file?: string): Promise<Record<string, unknown>> {
  const { code } = await bundle(files, file);
  const path = join(makeFolder({ "bundle.mjs": code }), "bundle.mjs");
  return import(path) as Promise<Record<string, unknown>>;
}

describe("loadBundle() bundles", () => {
  test("TypeScript, relative imports in every form, and JSON into one module with the author's exports", async () => {
    const exports = await evaluate(
      {
        "home/main.ts": `
        import type { Unknown } from "node:fs";
        import { a } from "../lib/a";
        import { b } from "../lib/b.js";
        import c from "../lib/c.json";
        import d from "../lib/c.json" with { type: "json" };
        import { e } from "../_e";
        export * from "../lib/folder";
        const { f } = await import("../lib/f.mjs");
        enum Kind { One = 1 }
        export const config = { timeout: "5m" };
        export const pipeline = (): unknown => [a, b, c.v, d.v, e, f, Kind.One];`,
        "lib/a.ts": "export const a: string = 'a';",
        "lib/b.ts": "export const b = 'b';",
        "lib/c.json": '{ "v": "c" }',
        "_e/index.js": "export const e = 'e';",
        "lib/f.mjs": "export const f = 'f';",
        "lib/folder/index.ts": "export const g = 'g';",
      },
      "home/main.ts",
    );
    expect(Object.keys(exports).sort()).toEqual(["config", "g", "pipeline"]);
    expect((exports["pipeline"] as () => unknown)()).toEqual(["a", "b", "c", "c", "e", "f", 1]);
  });

  test("npm packages of both kinds by their `main`, `exports`, `imports` and `browser`, with their own dependencies", async () => {
    const exports = await evaluate(
      {
        "deep/main.ts": `
        import cjs from "cjs"; import * as esm from "esm"; import { sub } from "esm/sub"; import s from "@s/p";
        export const pipeline = () => [cjs.x, esm.y, sub, s.z];`,
        "node_modules/cjs/package.json": '{ "name": "cjs", "main": "lib/main" }',
        "node_modules/cjs/lib/main.js": 'const y = require("./y"); module.exports = { x: y.x + require("dep") };',
        "node_modules/cjs/lib/y.js": "exports.x = 1;",
        "node_modules/cjs/node_modules/dep/index.js": "module.exports = 10;",
        "node_modules/dep/index.js": "module.exports = 999;",
        "node_modules/esm/package.json":
          '{ "imports": { "#v": "./v.js" }, "exports": { ".": { "node": "./node.js", "default": "./web.js" }, "./sub": "./s.mjs" } }',
        "node_modules/esm/web.js": 'import v from "#v"; export const y = v;',
        "node_modules/esm/node.js": 'import "node:fs"; export const y = 0;',
        "node_modules/esm/s.mjs": "export const sub = 3;",
        "node_modules/esm/v.js": "export default 2;",
        "node_modules/@s/p/package.json": '{ "main": "n.js", "browser": { "./n.js": "./b.js", "fs": false } }',
        "node_modules/@s/p/n.js": 'module.exports = require("net");',
        "node_modules/@s/p/b.js": 'const fs = require("fs"); module.exports = { z: Object.keys(fs).length };',
      },
      "deep/main.ts",
    );
    expect((exports["pipeline"] as () => unknown)()).toEqual([11, 2, 3, 0]);
  });

  test("symlinks that stay inside, as pnpm makes them", async () => {
    const root = makeFolder({
      "main.ts": 'import a from "a"; export const pipeline = () => a;',
      "node_modules/.pnpm/a@1/node_modules/a/index.js": 'export { default } from "b";',
      "node_modules/.pnpm/b@1/node_modules/b/index.js": "export default 'b';",
    });
    symlinkSync(".pnpm/a@1/node_modules/a", join(root, "node_modules/a"));
    symlinkSync("../../b@1/node_modules/b", join(root, "node_modules/.pnpm/a@1/node_modules/b"));
    expect(await problemsOf(root)).toEqual([]);
  });

  test("without anything that only Node or Bun has", async () => {
    const { code } = await bundle({
      "main.ts": 'import x from "x"; export const pipeline = () => [x, process.env.NODE_ENV];',
      "node_modules/x/index.js": "module.exports = { y: 1 };",
    });
    expect(code).not.toMatch(/createRequire|import\.meta|Bun\.|node:/);
    expect(code).toContain('"production"');
  });

  test("with a source map of the author's files and texts", async () => {
    const source = "// note\nexport const pipeline = () => 1;\n";
    const { sourceMap } = await bundle({ "a/main.ts": source }, "a/main.ts");
    expect(JSON.parse(sourceMap)).toMatchObject({ version: 3, sources: ["a/main.ts"], sourcesContent: [source] });
  });

  test("to the same hash from another folder, and to another hash where only the lines moved", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [
        `lib/f${index}.ts`,
        `export const v${index} = ${index}; const same = ${index}; export const w${index} = () => same;`,
      ]),
    );
    const main = `${Object.keys(files)
      .map((file, index) => `import { v${index} as a${index}, w${index} } from "./${file}";`)
      .join("\n")}
      export const pipeline = () => [${Object.keys(files)
        .map((_, index) => `a${index}, w${index}()`)
        .join(", ")}];`;
    const first = await bundle({ ...files, "main.ts": main });
    for (let again = 0; again < 10; again++) expect(await bundle({ ...files, "main.ts": main })).toEqual(first);
    const moved = await bundle({ ...files, "main.ts": `// a comment\n${main}` });
    expect(moved.hash).not.toBe(first.hash);
    expect(first.hash).toBe(new Bun.CryptoHasher("sha256").update(first.code).digest("hex"));
  });
});

describe("loadBundle() refuses, with place and hint,", () => {
  test.each([
    ['import fs from "fs"; fs;', "main.ts:2:16", "does not exist in the sandbox", "in a step"],
    ['import { exec } from "node:child_process"; exec;', "main.ts:2:22", "node:child_process", "runtime.run"],
    ['import { createHmac } from "crypto"; createHmac;', "main.ts:2:28", '"crypto"', "crypto.hmac"],
    ['import { serve } from "bun"; serve;', "main.ts:2:23", '"bun"', "fetch()"],
    ['import { Database } from "bun:sqlite"; Database;', "main.ts:2:26", "bun:sqlite", "storage"],
    ['export * from "http";', "main.ts:2:15", '"http"', "http.respond"],
    ['import x from "../x.ts"; x;', "main.ts:2:15", "outside the pipelines folder", "lib/"],
    ['import x from "./a/../../x"; x;', "main.ts:2:15", "outside the pipelines folder", "lib/"],
    ['import x from "/etc/passwd"; x;', "main.ts:2:15", "only relative paths", "relative"],
    ['import x from "file:///etc/passwd"; x;', "main.ts:2:15", "addresses are not loaded", "relative"],
    ['import x from "https://x.y/z.js"; x;', "main.ts:2:15", "addresses are not loaded", "relative"],
    ['import x from "data:text/javascript,export default 1"; x;', "main.ts:2:15", "addresses", "relative"],
    ['import x from "left-pad"; x;', "main.ts:2:15", "not in node_modules", "bun add left-pad"],
    ['import x from "@/lib/x"; x;', "main.ts:2:15", "no such package", "tsconfig paths are not used"],
    ['import x from "./nope"; x;', "main.ts:2:15", 'cannot find "./nope"', "relative to the file"],
    ['import x from "./data.txt"; x;', "main.ts:2:15", "not .txt", ".json"],
    ['import "./style.css";', "main.ts:2:8", "not .css", ".json"],
    ['import x from "./x.wasm"; x;', "main.ts:2:15", "WebAssembly", ".json"],
    ['import x from "./x.node"; x;', "main.ts:2:15", "native addons", ".json"],
    ['import x from "./data.txt" with { type: "text" }; x;', "main.ts:2:15", '{ type: "text" }', "export the data"],
    ['import x from "./main.ts" with { type: "file" }; x;', "main.ts:2:15", '{ type: "file" }', "export the data"],
    ['import x from "./x.db" with { type: "sqlite" }; x;', "main.ts:2:15", '{ type: "sqlite" }', "export the data"],
    ['import x from "./x.toml" with { type: "toml" }; x;', "main.ts:2:15", '{ type: "toml" }', "export the data"],
    ['import x from "./data.txt" with { type: "json" }; x;', "main.ts:2:15", '{ type: "json" }', "export the data"],
    ['const x = require("./lib/a"); x;', "main.ts:2:19", "is not supported", "import"],
    ['import x = require("./lib/a"); x;', "main.ts:2:20", "is not supported", "import"],
    ["const x = require(name); x;", "main.ts:2:11", "computed path", "fixed path"],
    ["const x = import(name); x;", "main.ts:2:11", "computed path", "fixed path"],
    ['const x = import("./lib/a" + name); x;', "main.ts:2:11", "computed path", "fixed path"],
    ['const x = import("fs"); x;', "main.ts:2:18", '"fs"', "in a step"],
  ])("%s", async (line, expectedPlace, message, hint) => {
    const found = await problems({
      "main.ts": `const name = "x";\n${line}\nexport const pipeline = () => name;`,
      "data.txt": "x",
      "style.css": "a{}",
      "x.wasm": "x",
      "x.node": "x",
      "x.db": "x",
      "x.toml": "x",
      "lib/a.ts": "export default 1;",
    });
    expect(found.some((problem) => place(problem) === expectedPlace && problem.message.includes(message))).toBe(true);
    expect(found.find((problem) => problem.message.includes(message))?.hint).toContain(hint);
  });

  test("a syntax error where it is, in the file where it is", async () => {
    const found = await problems({
      "main.ts": 'import "./lib/a.ts";',
      "lib/a.ts": "export const x = 1;\nexport const y = (;",
    });
    expect(found.map((problem) => place(problem))).toEqual(["lib/a.ts:2:19"]);
  });

  test("an import of something the other file does not export", async () => {
    const [found] = await problems({
      "main.ts": 'import { nope } from "./lib/a.ts";\nnope();',
      "lib/a.ts": "export const x = 1;",
    });
    expect(found?.message).toContain("nope");
    expect(found?.line).not.toBeNull();
  });

  test("all problems of several files at once, in order", async () => {
    const found = await problems({
      "main.ts": 'import "./lib/a.ts";\nimport "fs";\nimport x from "./y.txt" with { type: "text" };\nx;',
      "lib/a.ts": '\nimport "os";',
    });
    expect(found.map((problem) => place(problem)).slice(0, 3)).toEqual(["lib/a.ts:2:8", "main.ts:2:8", "main.ts:3:15"]);
  });

  test("a built-in module that a package needs, naming the package", async () => {
    const [found] = await problems({
      "main.ts": 'import "@org/pkg";',
      "node_modules/@org/pkg/index.js": '\nconst net = require("net"); module.exports = net;',
    });
    expect(place(found)).toBe("node_modules/@org/pkg/index.js:2:21");
    expect(found?.message).toStartWith("the package @org/pkg does not run here:");
  });

  test("an `exports` that leads out of its package", async () => {
    const [found] = await problems({
      "main.ts": 'import "pkg";',
      "secret.ts": "export {};",
      "node_modules/pkg/package.json": '{ "exports": "./../../secret.ts" }',
    });
    expect(found?.message).toContain("leads outside the package");
  });
});

describe("loadBundle() never executes", () => {
  const writeMarker = (marker: string): string =>
    `import { writeFileSync } from "node:fs"; export function f() { writeFileSync(${JSON.stringify(marker)}, "x"); return 1; }`;

  test.each([
    ['import { f } from "./m.ts" with { type: "macro" };\nexport const pipeline = () => f();', "main.ts:1:19"],
    ['import { f } from "./m.ts" with { "type": "m\\u0061cro" };\nexport const pipeline = () => f();', "main.ts:1:19"],
    ['import { f } from "macro:./m.ts";\nexport const pipeline = () => f();', "main.ts:1:19"],
    ['import { f } from "./m.ts" assert { type: "macro" };\nexport const pipeline = () => f();', "main.ts:1:19"],
    ['import { f } from "./m.ts" with { type: "macro" };\nexport const x = 1;', "main.ts:1:19"],
    ['import { f } from "pkg" with { type: "macro" };\nexport const pipeline = () => f();', "main.ts:1:19"],
    ['import { f } from "./lib/uses.ts";\nexport const pipeline = () => f();', "lib/uses.ts:1:19"],
  ])("a macro: %s", async (source, expectedPlace) => {
    const marker = join(makeFolder(), "macro-ran");
    const found = await problems({
      "main.ts": source,
      "m.ts": writeMarker(marker),
      "lib/uses.ts": 'import { f } from "../m.ts" with { type: "macro" };\nexport const g = f(); export { g as f };',
      "node_modules/pkg/index.ts": writeMarker(marker),
    });
    expect(existsSync(marker)).toBe(false);
    expect(place(found[0])).toBe(expectedPlace);
    expect(found[0]?.message).toContain("macro");
  });

  test("a macro that the search of the text does not see", async () => {
    const folder = makeFolder();
    const marker = join(folder, "macro-ran");
    writeFiles(folder, { "m.ts": writeMarker(marker) });
    // To the search, the text between the two apostrophes is a string.
    const macro = `import { f } from ${JSON.stringify(join(folder, "m.ts"))} with { type: "macro" };`;
    const found = await problems({
      "main.ts": 'export * from "./view.tsx";',
      "view.tsx": `const a = <p>it's</p>; ${macro} /*'*/ export const b = [a, f()];`,
      "node_modules/react/jsx-runtime.js": "export const jsx = () => 1;",
    });
    expect(existsSync(marker)).toBe(false);
    expect(found).toMatchObject([{ file: "view.tsx", line: 1, message: "Macros are disabled" }]);
  });

  test("the script itself", async () => {
    const marker = join(makeFolder(), "ran");
    await bundle({
      "main.ts": `globalThis.process?.getBuiltinModule("fs").writeFileSync(${JSON.stringify(marker)}, "x");`,
    });
    expect(existsSync(marker)).toBe(false);
  });
});

describe("loadBundle() reads nothing outside the folder:", () => {
  test("a symlinked file, folder or package that leads out is refused where it is imported", async () => {
    const outside = makeFolder({ "x.ts": "export default 'outside';", "pkg/index.js": "module.exports = 1;" });
    const root = makeFolder({
      "main.ts":
        'import a from "./a.ts";\nimport b from "./folder/x.ts";\nimport c from "pkg";\nexport default [a, b, c];',
      "node_modules/other/index.js": "",
    });
    symlinkSync(join(outside, "x.ts"), join(root, "a.ts"));
    symlinkSync(outside, join(root, "folder"));
    symlinkSync(join(outside, "pkg"), join(root, "node_modules/pkg"));
    const found = await problemsOf(root);
    expect(found.map((problem) => place(problem))).toEqual(["main.ts:1:15", "main.ts:2:15", "main.ts:3:15"]);
    for (const problem of found) expect(problem.message).toContain("outside the pipelines folder");
  });

  test("an entry that is a symlink leading out, or a path leading out, is refused", async () => {
    const outside = makeFolder({ "x.ts": "export default 1;" });
    const root = makeFolder();
    symlinkSync(join(outside, "x.ts"), join(root, "main.ts"));
    expect((await problemsOf(root))[0]?.message).toContain("outside the pipelines folder");
    expect((await problemsOf(root, "../x.ts"))[0]?.message).toContain("outside the pipelines folder");
    expect((await problemsOf(root, join(outside, "x.ts")))[0]?.message).toContain("outside the pipelines folder");
  });

  test("tsconfig, package.json, .env and node_modules, inside or above, change nothing", async () => {
    const source = {
      "main.ts": "export class A { x; }\nexport const pipeline = () => [process.env.PLANTED, new A()];",
    };
    const plain = await bundle(source);
    const planted: Files = {
      "tsconfig.json":
        '{ "compilerOptions": { "paths": { "*": ["/etc/*"] }, "useDefineForClassFields": false, "jsxImportSource": "x" } }',
      "package.json":
        '{ "type": "commonjs", "browser": { "./main.ts": "./other.ts" }, "sideEffects": false, "macros": {} }',
      ".env": "PLANTED=1",
      "bunfig.toml": 'preload = ["./evil.ts"]\n[define]\n"process.env.PLANTED" = "1"',
      "node_modules/above/index.js": "export default 1;",
    };
    const above = makeFolder({
      ...planted,
      ...Object.fromEntries(Object.entries(planted).map(([path, text]) => [`pipelines/${path}`, text])),
    });
    writeFiles(join(above, "pipelines"), source);
    rmSync(join(above, "pipelines/node_modules"), { recursive: true });
    const result = await loadBundle({ root: join(above, "pipelines"), file: "main.ts" });
    expect(result.ok && result.bundle).toEqual(plain);
    writeFiles(join(above, "pipelines"), { "main.ts": 'import a from "above"; export const pipeline = () => a;' });
    expect((await problemsOf(join(above, "pipelines")))[0]?.message).toContain("not in node_modules");
    writeFiles(join(above, "pipelines"), { "main.ts": 'import a from "passwd"; export const pipeline = () => a;' });
    expect((await problemsOf(join(above, "pipelines")))[0]?.message).toContain("not in node_modules");
  });
});

describe("loadBundle() stays within its limits:", () => {
  test("a source file over its size is refused", async () => {
    const found = await problems({
      "main.ts": 'import "./big.ts";',
      "big.ts": `export const x = "${"x".repeat(1024 ** 2)}";`,
    });
    expect(found[0]?.file).toBe("big.ts");
    expect(found[0]?.message).toContain("larger than 1048576 bytes");
  });

  test("a file that is not UTF-8 is refused", async () => {
    expect((await problems({ "main.ts": new Uint8Array([0x2f, 0x2f, 0xff]) }))[0]?.message).toContain("not UTF-8");
  });

  test("a bundle over its size is refused", async () => {
    const files = Object.fromEntries(
      [1, 2, 3].map((n) => [`f${n}.ts`, `export const v${n} = "${String(n).repeat(1000)}";`]),
    );
    const root = makeFolder({
      ...files,
      "main.ts": "export * from './f1'; export * from './f2'; export * from './f3';",
    });
    expect((await problemsOf(root, "main.ts", { maxBundleBytes: 2500 }))[0]?.message).toContain("at most 2500");
  });

  test("more files than allowed are refused", async () => {
    const files = Object.fromEntries([1, 2, 3, 4].map((n) => [`f${n}.ts`, `import "./f${n + 1}"; export {}`]));
    const root = makeFolder({ ...files, "f5.ts": "export {}", "main.ts": 'import "./f1";' });
    expect((await problemsOf(root, "main.ts", { maxFiles: 3 }))[0]?.message).toContain("at most 3 files");
    expect(await problemsOf(root, "main.ts", { maxFiles: 6 })).toEqual([]);
  });

  test("a bundle that takes too long fails", async () => {
    const impatient: Clock = {
      now: () => 0,
      elapsed: () => 0,
      after: (_delayMs, callback) => {
        queueMicrotask(callback);
        return () => {};
      },
    };
    const result = await loadBundle({
      root: makeFolder({ "main.ts": "export {}" }),
      file: "main.ts",
      clock: impatient,
    });
    expect(result.ok ? "" : result.problems[0]?.message).toBe("bundling took over 10000 ms");
  });

  test("a named pipe, a socket, a device or a folder named like a script does not hang it", async () => {
    const root = makeFolder({
      "main.ts": 'import "./pipe.ts"; import "./socket.ts"; import "./zero.ts"; import "./folder.ts";',
    });
    expect(Bun.spawnSync(["mkfifo", join(root, "pipe.ts")]).exitCode).toBe(0);
    symlinkSync("/dev/zero", join(root, "zero.ts"));
    mkdirSync(join(root, "folder.ts"));
    const server = createServer().listen(join(root, "socket.ts"));
    try {
      const found = await problemsOf(root);
      expect(found).toHaveLength(4);
      expect(found.filter(({ message }) => message.includes("not a regular file"))).toHaveLength(2);
      expect((await problemsOf(root, "pipe.ts"))[0]?.message).toContain("not a regular file");
    } finally {
      server.close();
    }
  });

  test("deeply nested and endless texts are problems, not crashes", async () => {
    for (const text of [
      "[".repeat(500_000),
      "`${".repeat(100_000),
      "import {".repeat(50_000),
      "()=>".repeat(200_000),
    ]) {
      expect((await problems({ "main.ts": text })).length).toBeGreaterThan(0);
    }
    expect(
      await problems({ "main.ts": 'import "./a.json";', "a.json": "[".repeat(400_000) + "]".repeat(400_000) }),
    ).toHaveLength(1);
  });

  test("a missing file or folder is a problem", async () => {
    expect((await problemsOf(makeFolder(), "none.ts"))[0]?.message).toBe("cannot load none.ts: it does not exist");
    expect((await problemsOf("/nonexistent-folder"))[0]?.message).toContain("/nonexistent-folder");
  });
});
