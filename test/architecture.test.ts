// Keeps the folders, layers and file rules of src/, and shows on bad examples that each rule fires.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkArchitecture, type SourceFile } from "./architecture/check-architecture.ts";
import { findImports } from "./architecture/find-imports.ts";

const src = join(import.meta.dir, "../src");

function loadSources(): SourceFile[] {
  const paths = [...new Bun.Glob("**/*.{ts,tsx,mts,js,mjs}").scanSync({ cwd: src, onlyFiles: true })];
  return paths.toSorted().map((path) => ({ path, source: readFileSync(join(src, path), "utf8") }));
}

/** Source by path; each gets the comment that every file begins with. */
function check(sources: Readonly<Record<string, string>>): readonly string[] {
  return checkArchitecture(
    Object.entries(sources).map(([path, text]) => ({ path, source: `// What is here.\n${text}` })),
  );
}

const specifiers = (source: string) => findImports(source).map(({ specifier }) => specifier);

test("src/ keeps its architecture", () => {
  const sources = loadSources();
  expect(sources.length).toBeGreaterThan(10);
  expect(checkArchitecture(sources)).toEqual([]);
});

describe("findImports", () => {
  test.each([
    ['import { a } from "./a.ts"', "./a.ts"],
    ['import a, { b as c } from "./a.ts"', "./a.ts"],
    ['import * as a from "./a.ts"', "./a.ts"],
    ['import type { A } from "./a.ts"', "./a.ts"],
    ['import { type A } from "./a.ts"', "./a.ts"],
    ['import "./a.ts"', "./a.ts"],
    ["import\n  {\n  a,\n}\nfrom\n'./a.ts'", "./a.ts"],
    ['import from from "./a.ts"', "./a.ts"],
    ['export { a } from "./a.ts"', "./a.ts"],
    ['export * from "./a.ts"', "./a.ts"],
    ['export * as a from "./a.ts"', "./a.ts"],
    ['export type { A } from "./a.ts"', "./a.ts"],
    ['const a = await import("./a.ts")', "./a.ts"],
    ["const a = await import(`./a.ts`)", "./a.ts"],
    ["const a = `${await import('./a.ts')} and ${1}`", "./a.ts"],
    ['let a: import("./a.ts").A', "./a.ts"],
    ['const a = new URL("./a.ts", import.meta.url)', "./a.ts"],
    ['const a = require("./a.ts")', "./a.ts"],
    ['const a = import.meta.resolve("./a.ts")', "./a.ts"],
    ['import wasm from "./a.wasm" with { type: "file" }', "./a.wasm"],
    ['const r = /["\'`]/; import("./a.ts")', "./a.ts"],
    ['const r = x / 2; const s = "/"; import("./a.ts")', "./a.ts"],
    ["const a = await import(`./${name}.ts`)", null],
    ["const a = await import(name)", null],
  ])("finds what %j imports", (source, expected) => {
    expect(specifiers(source)).toEqual([expected]);
  });

  test.each([
    '// import { a } from "./a.ts"',
    '/* import { a } from "./a.ts" */',
    "const a = 'import { a } from \"./a.ts\"'",
    'const a = `import { a } from "./a.ts"`',
    'export { a }; const from = 1; const b = "./a.ts"',
    'export const a = { from: "./a.ts" }',
    "const a = import.meta.url",
    'const a = new URL("./a.ts", base)',
    'const a = { import: 1, export: 2 }; const b = x.import("./a.ts")',
    'const r = /import("x")/',
  ])("finds nothing in %j", (source) => {
    expect(specifiers(source)).toEqual([]);
  });

  test("tells imports of types alone from others", () => {
    const typeOnly = (source: string) => findImports(source).map((found) => found.typeOnly);
    expect(typeOnly('import type { A } from "x"')).toEqual([true]);
    expect(typeOnly('import { type A, type B } from "x"')).toEqual([true]);
    expect(typeOnly('import { type A, b } from "x"')).toEqual([false]);
    expect(typeOnly('import type, { a } from "x"')).toEqual([false]);
    expect(typeOnly('import { a } from "x"')).toEqual([false]);
    expect(typeOnly('export type { A } from "x"')).toEqual([true]);
  });

  test("gives the line on which the import begins", () => {
    expect(findImports('/* one\ntwo */\n\nimport {\n a } from "x"')[0]?.line).toBe(4);
  });
});

describe("a violation is found where", () => {
  const door = { "store/store.ts": "export {}", "engine/engine.ts": "export {}", "core/run.ts": "export {}" };

  test.each<[string, Record<string, string>, string]>([
    [
      "a part imports upwards",
      { ...door, "store/rows.ts": 'import type { E } from "../engine/engine.ts"' },
      "imports upwards",
    ],
    ["core imports anything", { ...door, "core/a.ts": 'import { x } from "../store/store.ts"' }, "imports upwards"],
    [
      "the server imports the configuration",
      { "config.ts": "", "server/server.ts": 'import type { Config } from "../config.ts"' },
      "imports upwards",
    ],
    ["anything imports main", { "main.ts": "", "cli/cli.ts": 'import "../main.ts"' }, "imports upwards"],
    [
      "a sibling imports a type of a sibling",
      { ...door, "webhooks/webhooks.ts": 'let x: import("../store/store.ts").Store' },
      "imports its sibling",
    ],
    [
      "a folder is entered past its door",
      { ...door, "store/rows.ts": "", "engine/a.ts": 'import { x } from "../store/rows.ts"' },
      "reaches past the door store/store.ts",
    ],
    [
      "the configuration is entered past its door",
      { "config.ts": "", "config/file.ts": "", "cli/a.ts": 'import "../config/file.ts"' },
      "reaches past the door config.ts",
    ],
    [
      "main enters a folder past its door",
      { "cli/serve.ts": "", "main.ts": 'import { x } from "./cli/serve.ts"' },
      "reaches past the door cli/cli.ts",
    ],
    [
      "a worker of a part is named from a part",
      { "store-worker.ts": "", "store/store.ts": 'new URL("../store-worker.ts", import.meta.url)' },
      "imports upwards",
    ],
    ["two files import each other", { "core/a.ts": 'import "./b.ts"', "core/b.ts": 'import "./a.ts"' }, "is a cycle"],
    [
      "types make a cycle",
      { "core/a.ts": 'import type { B } from "./b.ts"', "core/b.ts": 'export type { A } from "./a.ts"' },
      "is a cycle",
    ],
    ["a file imports itself", { "core/a.ts": 'import "./a.ts"' }, "is a cycle"],
    ["elysia is used outside server", { "engine/a.ts": 'import { Elysia } from "elysia"' }, "belongs to server/"],
    ["jexl is used outside expressions", { "webhooks/a.ts": 'import jexl from "jexl"' }, "belongs to expressions/"],
    [
      "re2js is used outside expressions",
      { "webhooks/a.ts": 'import { RE2JS } from "re2js"' },
      "belongs to expressions/",
    ],
    ["commander is used outside cli", { "app.ts": 'import { Command } from "commander"' }, "belongs to cli/"],
    ["QuickJS is used outside sandbox", { "engine/a.ts": 'import type { Q } from "@jitl/x/y"' }, "belongs to sandbox/"],
    ["a dependency has no owner", { "engine/a.ts": 'import x from "left-pad/x"' }, "left-pad, which has no owner"],
    [
      "a dependency has two owners",
      {
        "engine/a.ts": 'import { T } from "@jridgewell/trace-mapping"',
        "sandbox/a.ts": 'import { T } from "@jridgewell/trace-mapping"',
      },
      "uses already",
    ],
    ["SQLite is used outside store/sqlite", { "store/a.ts": 'import { Database } from "bun:sqlite"' }, "uses SQLite"],
    ["a process is started by the engine", { "engine/a.ts": "Bun.spawn([])" }, "uses starting processes"],
    [
      "a process is started by the sandbox outside its pool",
      { "sandbox/a.ts": "Bun.spawnSync([])" },
      "starting processes",
    ],
    [
      "a process is started through node",
      { "cli/a.ts": 'import { exec } from "node:child_process"' },
      "starting processes",
    ],
    ["the environment is read", { "server/a.ts": "const home = process\n  .env.HOME" }, "uses the environment"],
    ["the environment is read through Bun", { "server/a.ts": "const home = Bun.env.HOME" }, "uses the environment"],
    ["the environment is taken out of process", { "cli/a.ts": "const { env } = process" }, "takes process apart"],
    ["spawn is taken out of Bun", { "cli/a.ts": 'const spawn = Bun["spawn"]' }, "takes Bun apart"],
    ["spawn is imported from bun", { "cli/a.ts": 'import { spawn } from "bun"' }, 'imports from "bun"'],
    ["a file is too long", { "core/a.ts": "x;\n".repeat(400) }, "has 401 lines"],
    ["a file is named for nothing", { "core/utils.ts": "" }, "is named utils"],
    ["a folder is named for nothing", { "engine/helpers/a.ts": "" }, "is named helpers"],
    ["a folder stands in no layer", { "extras/a.ts": "" }, "stands in no layer"],
    ["work is left for later", { "core/a.ts": "// TODO" }, "says TODO"],
    ["an import is computed", { "core/a.ts": "await import(name)" }, "imports something computed"],
    ["an import leaves src/", { "core/a.ts": 'import x from "../../test/x.ts"' }, "outside src/"],
    ["an imported file does not exist", { "core/a.ts": 'import "./gone.ts"' }, "does not exist"],
  ])("%s", (_, sources, message) => {
    const found = check(sources);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  test("a file begins without a comment", () => {
    const found = checkArchitecture([{ path: "core/a.ts", source: "export {};\n" }]);
    expect(found).toEqual(["core/a.ts does not begin with a comment on what is in it"]);
  });
});

describe("no violation is found where", () => {
  test.each<[string, Record<string, string>]>([
    [
      "layers import downwards",
      {
        "main.ts": 'import { run } from "./cli/cli.ts"',
        "cli/cli.ts": 'import { open } from "../app.ts"; import { Command } from "commander"',
        "app.ts": 'import { Rows } from "./store/sqlite/rows.ts"; import { load } from "./config.ts"',
        "config.ts": 'import "./config/file.ts"; import { parse } from "./core/duration.ts"; process.env;',
        "config/file.ts": 'import type { Config } from "../config.ts"',
        "store/sqlite/rows.ts": 'import { Database } from "bun:sqlite"; import type { Store } from "../store.ts"',
        "store/store.ts": 'export { Rows } from "./sqlite/rows.ts"',
        "core/duration.ts": "",
      },
    ],
    [
      "an entry connects parts",
      {
        "sandbox-process.ts": 'import "./sandbox/instance.ts"; import "./expressions/evaluate.ts"',
        "sandbox/instance.ts": "",
        "expressions/evaluate.ts": 'import jexl from "jexl"',
      },
    ],
    [
      "owners use what they own",
      {
        "sandbox/pool.ts": "Bun.spawn([])",
        "executors/process/start.ts": "Bun.spawn([])",
        "server/server.ts": 'import { Elysia } from "elysia"',
      },
    ],
    ["the version is read", { "cli/version.ts": 'import packageFile from "../../package.json"' }],
    [
      "other parts of Bun and process are used",
      { "core/a.ts": 'process.pid; const { user } = process.cpuUsage(); Bun.which("x"); x.process["env"];' },
    ],
  ])("%s", (_, sources) => {
    expect(check(sources)).toEqual([]);
  });
});
