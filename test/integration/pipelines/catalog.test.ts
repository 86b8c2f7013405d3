// openCatalog() on a real folder with real saves, renames and removals; exports are read in this process.

import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../../src/core/app-error.ts";
import {
  type Bundle,
  type Catalog,
  type CatalogChange,
  type CatalogOptions,
  openCatalog,
  type Pipeline,
  type ReadExports,
  type SavedVersion,
} from "../../../src/pipelines/pipelines.ts";
import { makeFolder, removeFolders, writeFiles } from "../../fixtures/pipelines/temporary-folder.ts";

setDefaultTimeout(60_000);

const opened: Catalog[] = [];
afterEach(async () => {
  for (const catalog of opened.splice(0)) await catalog.close();
  removeFolders();
});

/** Stands for the sandbox: the bundles of these tests are harmless. */
const readExports: ReadExports = async (bundle) => {
  try {
    const url = `data:text/javascript;base64,${Buffer.from(bundle.code).toString("base64")}`;
    const module = (await import(url)) as Record<string, unknown>;
    return {
      ok: true,
      exports: { pipeline: typeof module["pipeline"], config: module["config"], names: Object.keys(module) },
    };
  } catch (thrown) {
    return { ok: false, message: String(thrown), line: 1, column: 1, hint: null };
  }
};

/** Stands for the store. */
class Versions {
  readonly saved = new Map<string, SavedVersion>();
  readonly bundles = new Map<string, Bundle>();
  saves = 0;
  fails = false;
  readonly options = {
    saveVersion: async (version: SavedVersion, bundle: Bundle): Promise<void> => {
      if (this.fails) throw new Error("disk full");
      this.saves += 1;
      this.saved.set(version.pipeline, version);
      this.bundles.set(bundle.hash, bundle);
    },
    removeVersion: async (pipeline: string): Promise<void> => {
      this.saved.delete(pipeline);
    },
    findBundle: async (hash: string): Promise<Bundle | undefined> => this.bundles.get(hash),
  };
}

interface Opened {
  readonly root: string;
  readonly catalog: Catalog;
  readonly changes: CatalogChange[];
  readonly errors: AppError[];
  readonly versions: Versions;
}

async function open(
  files: Readonly<Record<string, string>> | string,
  options: Partial<CatalogOptions> = {},
  versions = new Versions(),
): Promise<Opened> {
  const root = typeof files === "string" ? files : makeFolder(files);
  const changes: CatalogChange[] = [];
  const errors: AppError[] = [];
  const catalog = await openCatalog({
    root,
    readExports,
    lastGood: [...versions.saved.values()],
    ...versions.options,
    onChange: (change) => changes.push(change),
    onError: (error) => errors.push(error),
    rescanMs: 60_000,
    ...options,
  });
  opened.push(catalog);
  return { root, catalog, changes, errors, versions };
}

async function until<T>(look: () => T | undefined | false | null, limitMs = 20_000): Promise<T> {
  const endsAt = performance.now() + limitMs;
  for (;;) {
    const found = look();
    if (found) return found;
    if (performance.now() > endsAt) throw new Error(`nothing came of ${look.toString()}`);
    await Bun.sleep(5);
  }
}

const script = (value: number, more = ""): string => `${more}\nexport const pipeline = () => ${value};\n`;
const ids = (catalog: Catalog): string[] => catalog.list().map(({ id }) => id);
const returns = (pipeline: Pipeline | undefined, value: number): boolean =>
  new RegExp(`=> (${value}|value${value})\\b`).test(pipeline?.version?.bundle.code ?? "");

describe("openCatalog() finds", () => {
  test("every script below the folder by its path, and nothing else", async () => {
    const { catalog } = await open({
      "deploy.ts": script(1),
      "home/backup.js": script(1),
      "a.mts": script(1),
      "b.mjs": script(1),
      "v1.2_x-y.ts": script(1),
      "_draft.ts": "(",
      ".hidden.ts": "(",
      "_drafts/x.ts": "(",
      ".git/x.ts": "(",
      "lib/x.ts": "(",
      "home/lib/x.ts": "(",
      "node_modules/x/index.js": "(",
      "runner.d.ts": "(",
      "runner.d.mts": "(",
      "readme.md": "(",
      "x.tsx": "(",
      "x.json": "(",
    });
    expect(ids(catalog)).toEqual(["a", "b", "deploy", "home/backup", "v1.2_x-y"]);
    expect(catalog.list().map(({ state }) => state)).toEqual(["ok", "ok", "ok", "ok", "ok"]);
    expect(catalog.get("home/backup")).toMatchObject({
      file: "home/backup.js",
      problems: [],
      version: { file: "home/backup.js" },
    });
    expect(catalog.get("nope")).toBeUndefined();
  });

  test("what is wrong with the holes of a concurrency key", async () => {
    const text = script(1, 'export const config = { concurrency: { key: "a-${b}" } };');
    const { catalog } = await open({ "a.ts": text }, { checks: { template: (template) => `${template} has no b` } });
    expect(catalog.get("a")).toMatchObject({ state: "broken", problems: [{ line: expect.any(Number) }] });
    expect(catalog.get("a")?.problems[0]?.message).toEndWith("a-${b} has no b");
  });

  test("the config of each", async () => {
    const { catalog } = await open({ "a.ts": script(1, 'export const config = { timeout: "5m", webhook: false };') });
    expect(catalog.get("a")?.version?.config).toEqual({ webhook: false, params: {}, timeoutMs: 300_000 });
  });

  test.each([
    ["export const config = {}; export function main() {}", null, "exports config, main; pipeline is missing"],
    ["export default () => {}", null, "exports default; pipeline is missing"],
    ["export const pipline = () => {}", null, "exports pipline; pipeline is missing"],
    ["const x = 1;", null, "the file exports nothing; pipeline is missing"],
    ["export const pipeline = 'x';", null, "pipeline must be a function; its type is string"],
    ["throw new Error('at load')", 1, "at load"],
    ["\nimport 'fs';", 2, '"fs"'],
    ["(", 1, "Unexpected"],
    [
      "export const pipeline = () => 1;\nexport const config = {\n  params: { t: { enum: 5 } },\n};",
      3,
      "config.params.t.enum",
    ],
    [
      "export const pipeline = () => 1;\nexport const config = {\n  schedule: [\n    '@daily',\n    '0 0 30 2 *',\n  ],\n};",
      5,
      'config.schedule[1] cannot be used: "0 0 30 2 *" never ticks',
    ],
  ])("what is wrong with %p", async (source, line, message) => {
    const { catalog } = await open({ "a.ts": source });
    expect(catalog.get("a")).toMatchObject({ state: "broken", version: null });
    const found = catalog.get("a")?.problems.find((problem) => problem.message.includes(message));
    expect(found).toMatchObject({ severity: "error", file: "a.ts", line });
  });

  test("two files with one id, and breaks both", async () => {
    const { catalog } = await open({ "a.ts": script(1), "a.js": script(2), "b.ts": script(3) });
    expect(catalog.get("a")).toMatchObject({ state: "broken", version: null });
    expect(catalog.get("a")?.problems.map(({ file }) => file)).toEqual(["a.js", "a.ts"]);
    expect(catalog.get("a")?.problems[0]?.message).toBe('a.js and a.ts are the same pipeline "a"');
    expect(catalog.get("b")?.state).toBe("ok");
  });

  test("names that cannot be ids", async () => {
    const long = "x".repeat(120);
    const { catalog } = await open({ "a b.ts": script(1), "ü.ts": script(1), [`${long}/${long}.ts`]: script(1) });
    expect(catalog.list().map(({ state }) => state)).toEqual(["broken", "broken", "broken"]);
  });

  test("symlinks: those inside are followed, those that lead out are told", async () => {
    const outside = makeFolder({ "x.ts": script(1) });
    const root = makeFolder({ "a/real.ts": script(1) });
    symlinkSync(join(outside, "x.ts"), join(root, "out.ts"));
    symlinkSync(outside, join(root, "folder"));
    symlinkSync("a/real.ts", join(root, "inside.ts"));
    symlinkSync("..", join(root, "a/round"));
    symlinkSync("nowhere.ts", join(root, "dangling.ts"));
    const { catalog } = await open(root);
    expect(catalog.list().map(({ id, state }) => [id, state])).toEqual([
      ["a/real", "ok"],
      ["dangling", "broken"],
      ["folder", "broken"],
      ["inside", "ok"],
      ["out", "broken"],
    ]);
    expect(catalog.get("out")?.problems[0]?.message).toContain("outside the pipelines folder");
  });

  test("a folder that does not exist to be an error that says what to do", async () => {
    const refusal = async (root: string): Promise<unknown> => await open(root).catch((thrown: unknown) => thrown);
    const [usual, other] = [join(makeFolder(), "pipelines"), join(makeFolder(), "none")];
    expect(await refusal(usual)).toMatchObject({
      code: "CONFIG_INVALID",
      message: `cannot read the pipelines folder ${usual}: it does not exist`,
      hint: "run this in the folder that has pipelines/, make one with `runner init`, or name it with --pipelines DIR",
    });
    expect(await refusal(other)).toMatchObject({
      hint: `make it with mkdir ${other}, or name another with --pipelines DIR`,
    });
    const file = join(makeFolder({ file: "" }), "file");
    expect(await refusal(file)).toMatchObject({
      code: "CONFIG_INVALID",
      message: `${file} is not a folder`,
      hint: "name the folder of the pipelines with --pipelines DIR",
    });
  });

  test("a missing secret to be a warning that leaves the pipeline in force", async () => {
    const source = script(1, '\nexport const config = { webhook: { secret: "env:NOPE" } };');
    const { catalog } = await open({ "a.ts": source }, { checkSecret: (reference) => `${reference} is not set` });
    expect(catalog.get("a")).toMatchObject({
      state: "ok",
      version: { file: "a.ts" },
      problems: [{ severity: "warning", message: "env:NOPE is not set", line: 2 }],
    });
  });
});

describe("the catalog follows the folder:", () => {
  test("who watches it hears of each change after the first load, until that is ended", async () => {
    const { root, catalog } = await open({ "a.ts": script(1) });
    const heard: string[] = [];
    const end = catalog.watchChanges((id) => heard.push(id));
    writeFiles(root, { "b.ts": script(1) });
    await until(() => heard.length > 0);
    end();
    writeFiles(root, { "a.ts": script(2) });
    await until(() => returns(catalog.get("a"), 2));
    expect(heard).toEqual(["b"]);
  });

  test("a saved file is in force soon, with the time it took, and the old version is untouched", async () => {
    const { root, catalog, changes } = await open({ "a.ts": script(1) });
    const before = catalog.get("a")?.version;
    const savedAt = performance.now();
    writeFileSync(join(root, "a.ts"), script(2));
    const change = await until(() => changes.at(0));
    // The goal is 300 ms; a busy machine gets more.
    expect(performance.now() - savedAt).toBeLessThan(1500);
    expect(change).toMatchObject({ id: "a", file: "a.ts", state: "ok", problems: [] });
    expect(change.tookMs).toBeGreaterThanOrEqual(0);
    expect(change.tookMs).toBeLessThan(1500);
    expect(returns(catalog.get("a"), 2)).toBe(true);
    expect(before?.bundle.code).toContain("=> 1");
  });

  test("atomic renames, as editors save", async () => {
    const { root, catalog } = await open({ "a.ts": script(1) });
    for (let value = 2; value < 6; value++) {
      writeFileSync(join(root, ".a.ts.tmp"), script(value));
      renameSync(join(root, ".a.ts.tmp"), join(root, "a.ts"));
      await until(() => returns(catalog.get("a"), value));
    }
  });

  test("a file that is removed and written again within a moment is never gone", async () => {
    const { root, catalog, changes } = await open({ "a.ts": script(1) });
    unlinkSync(join(root, "a.ts"));
    await Bun.sleep(60);
    writeFileSync(join(root, "a.ts"), script(2));
    await until(() => returns(catalog.get("a"), 2));
    expect(changes.map(({ state }) => state)).not.toContain("removed");
  });

  test("new files, in new folders too, and folders that are moved in and out", async () => {
    const { root, catalog, versions } = await open({ "a.ts": script(1) });
    writeFiles(root, { "b.ts": script(2), "x/y/z/c.ts": script(3) });
    await until(() => returns(catalog.get("b"), 2) && returns(catalog.get("x/y/z/c"), 3));
    writeFileSync(join(root, "x/y/z/c.ts"), script(4));
    await until(() => returns(catalog.get("x/y/z/c"), 4));
    renameSync(join(root, "x"), join(root, "moved"));
    await until(() => returns(catalog.get("moved/y/z/c"), 4) && !catalog.get("x/y/z/c"));
    writeFileSync(join(root, "moved/y/z/c.ts"), script(5));
    await until(() => returns(catalog.get("moved/y/z/c"), 5));
    expect([...versions.saved.keys()].sort()).toEqual(["a", "b", "moved/y/z/c"]);
  });

  test("a removed file is removed, with its stored version", async () => {
    const { root, catalog, changes, versions } = await open({ "a.ts": script(1), "b.ts": script(2) });
    unlinkSync(join(root, "a.ts"));
    await until(() => !catalog.get("a"));
    expect(changes).toMatchObject([{ id: "a", file: "a.ts", state: "removed" }]);
    expect([...versions.saved.keys()]).toEqual(["b"]);
  });

  test("a folder removed and made again, with its files", async () => {
    const { root, catalog } = await open({ "sub/a.ts": script(1) });
    for (let value = 2; value < 5; value++) {
      rmSync(join(root, "sub"), { recursive: true });
      writeFiles(root, { "sub/a.ts": script(value) });
      await until(() => returns(catalog.get("sub/a"), value));
      writeFileSync(join(root, "sub/a.ts"), script(value * 10));
      await until(() => returns(catalog.get("sub/a"), value * 10));
    }
  });

  test("the pipelines folder itself removed and made again", async () => {
    const { root, catalog, changes } = await open({ "a.ts": script(1) }, { rescanMs: 100 });
    rmSync(root, { recursive: true });
    await until(() => !catalog.get("a"));
    expect(changes.at(-1)).toMatchObject({ id: "a", state: "removed" });
    writeFiles(root, { "a.ts": script(2) });
    await until(() => returns(catalog.get("a"), 2));
    writeFileSync(join(root, "a.ts"), script(3));
    await until(() => returns(catalog.get("a"), 3));
  });

  test("a pipelines folder that is a symlink turned to another version", async () => {
    const base = makeFolder({ "v1/a.ts": script(1), "v2/a.ts": script(2) });
    symlinkSync("v1", join(base, "current"));
    const { catalog } = await open(join(base, "current"), { rescanMs: 100 });
    expect(returns(catalog.get("a"), 1)).toBe(true);
    symlinkSync("v2", join(base, "next"));
    renameSync(join(base, "next"), join(base, "current"));
    await until(() => returns(catalog.get("a"), 2));
  });

  test("imported files, wherever they are, load the pipelines that have them, and no others", async () => {
    const importing = (path: string): string => `import { value } from "${path}"; export const pipeline = () => value;`;
    const { root, catalog, changes } = await open({
      "a.ts": importing("./lib/deep/value"),
      "b.ts": importing("./_value"),
      "c.ts": importing("value"),
      "d.ts": script(1),
      "lib/deep/value.ts": "export const value = 1;",
      "_value.ts": "export const value = 1;",
      "node_modules/value/index.js": "export const value = 1;",
    });
    writeFileSync(join(root, "lib/deep/value.ts"), "export const value = 2;");
    await until(() => catalog.get("a")?.version?.bundle.code.includes("value = 2"));
    writeFileSync(join(root, "_value.ts"), "export const value = 3;");
    await until(() => catalog.get("b")?.version?.bundle.code.includes("value = 3"));
    writeFileSync(join(root, "node_modules/value/index.js"), "export const value = 4;");
    await until(() => catalog.get("c")?.version?.bundle.code.includes("value = 4"));
    expect(changes.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  test("an import that was missing is found once it is there", async () => {
    const { root, catalog } = await open({
      "a.ts": 'import { value } from "./lib/value"; export const pipeline = () => value;',
      "b.ts": 'import { value } from "value"; export const pipeline = () => value;',
    });
    expect(catalog.list().map(({ state }) => state)).toEqual(["broken", "broken"]);
    writeFiles(root, { "lib/value.ts": "export const value = 1;" });
    await until(() => catalog.get("a")?.state === "ok");
    writeFiles(root, { "node_modules/value/index.js": "export const value = 1;" });
    await until(() => catalog.get("b")?.state === "ok");
  });

  test("what the system's events missed is found by looking again", async () => {
    const { root, catalog } = await open(
      {
        "a.ts": 'import { value } from "./lib/v"; export const pipeline = () => value;',
        "lib/v.ts": "export const value = 1;",
      },
      { rescanMs: 100 },
    );
    // Events name the link's folder, never the one its target is in.
    const elsewhere = join(root, "_store");
    writeFiles(elsewhere, { "one.ts": "export const value = 7;" });
    rmSync(join(root, "lib/v.ts"));
    symlinkSync(join(elsewhere, "one.ts"), join(root, "lib/v.ts"));
    await until(() => catalog.get("a")?.version?.bundle.code.includes("value = 7"));
    writeFileSync(join(elsewhere, "one.ts"), "export const value = 8;");
    await until(() => catalog.get("a")?.version?.bundle.code.includes("value = 8"));
  });

  test("the last content of many quick saves wins", async () => {
    const { root, catalog } = await open({ "a.ts": script(1) });
    for (let value = 2; value <= 200; value++) {
      writeFileSync(join(root, "a.ts"), script(value));
      if (value % 20 === 0) await Bun.sleep(7);
    }
    await until(() => returns(catalog.get("a"), 200));
  });

  test("two hundred files saved at once, with few looked at in the sandbox at a time", async () => {
    let reading = 0;
    let most = 0;
    const counting: ReadExports = async (bundle, file) => {
      most = Math.max(most, ++reading);
      await Bun.sleep(1);
      const read = await readExports(bundle, file);
      reading -= 1;
      return read;
    };
    const { root, catalog } = await open({}, { readExports: counting });
    const names = Array.from({ length: 200 }, (_, index) => `p${index}.ts`);
    for (const name of names) writeFileSync(join(root, name), script(1));
    await until(() => catalog.list().length === 200);
    for (const name of names) writeFileSync(join(root, name), script(2));
    await until(() => catalog.list().every((pipeline) => returns(pipeline, 2)));
    expect(most).toBeLessThanOrEqual(4);
  });

  test("a second file with the same id breaks it, keeps the version, and removing it mends it", async () => {
    const { root, catalog } = await open({ "a.ts": script(1) });
    writeFileSync(join(root, "a.js"), script(2));
    await until(() => catalog.get("a")?.state === "broken");
    expect(returns(catalog.get("a"), 1)).toBe(true);
    unlinkSync(join(root, "a.ts"));
    await until(() => catalog.get("a")?.state === "ok");
    expect(returns(catalog.get("a"), 2)).toBe(true);
    expect(catalog.get("a")?.file).toBe("a.js");
  });

  test("nothing is told of a file that is only touched, and nothing after close()", async () => {
    const { root, catalog, changes } = await open({ "a.ts": script(1), "b.ts": script(1) });
    utimesSync(join(root, "a.ts"), new Date(), new Date());
    writeFileSync(join(root, "b.ts"), script(2));
    await until(() => changes.length > 0);
    expect(changes.map(({ id }) => id)).toEqual(["b"]);
    await catalog.close();
    writeFileSync(join(root, "b.ts"), script(3));
    await Bun.sleep(200);
    expect(changes).toHaveLength(1);
  });

  test("a secret that appears takes the warning away", async () => {
    let missing: string | null = "not set";
    const source = script(1, 'export const config = { webhook: { secret: "env:S" } };');
    const { catalog, changes } = await open({ "a.ts": source }, { checkSecret: () => missing, rescanMs: 50 });
    expect(catalog.get("a")?.problems).toHaveLength(1);
    missing = null;
    await until(() => catalog.get("a")?.problems.length === 0);
    expect(changes).toMatchObject([{ id: "a", state: "ok", problems: [] }]);
  });

  test("watch: false loads once", async () => {
    const { root, catalog } = await open({ "a.ts": script(1) }, { watch: false });
    writeFileSync(join(root, "a.ts"), script(2));
    await Bun.sleep(200);
    expect(returns(catalog.get("a"), 1)).toBe(true);
  });
});

describe("a broken file", () => {
  test("keeps the last good version in force, and says so once it is mended", async () => {
    const { root, catalog, changes } = await open({ "a.ts": script(1) });
    writeFileSync(join(root, "a.ts"), "export const pipeline = (");
    await until(() => catalog.get("a")?.state === "broken");
    expect(returns(catalog.get("a"), 1)).toBe(true);
    expect(catalog.get("a")?.problems[0]).toMatchObject({ file: "a.ts", line: 1 });
    writeFileSync(join(root, "a.ts"), script(1));
    await until(() => catalog.get("a")?.state === "ok");
    expect(changes.map(({ state }) => state)).toEqual(["broken", "ok"]);
  });

  test("keeps it over a restart", async () => {
    const { root, catalog, versions } = await open({ "a.ts": script(1), "gone.ts": script(2) });
    const version = catalog.get("a")?.version;
    await catalog.close();
    writeFileSync(join(root, "a.ts"), "(");
    unlinkSync(join(root, "gone.ts"));
    const again = await open(root, {}, versions);
    expect(again.catalog.get("a")).toMatchObject({ state: "broken", problems: [{ file: "a.ts" }] });
    expect(again.catalog.get("a")?.version).toEqual(version ?? null);
    expect([...versions.saved.keys()]).toEqual(["a"]);
  });

  test("that never was good has no version", async () => {
    const { catalog } = await open({ "a.ts": "(" });
    expect(catalog.get("a")?.version).toBeNull();
  });

  test("an unchanged folder is not stored again at the next start", async () => {
    const { root, catalog, versions } = await open({ "a.ts": script(1, 'export const config = { timeout: "5m" };') });
    const loadedAt = catalog.get("a")?.version?.loadedAt ?? 0;
    await catalog.close();
    await Bun.sleep(5);
    const again = await open(root, {}, versions);
    expect(versions.saves).toBe(1);
    expect(again.catalog.get("a")?.version?.loadedAt).toBe(loadedAt);
  });
});

describe("the catalog survives", () => {
  test("a sandbox that fails: the file is tried again", async () => {
    let fails = true;
    const failing: ReadExports = async (bundle, file) => {
      if (fails) throw new Error("no sandbox process is ready");
      return readExports(bundle, file);
    };
    const { catalog } = await open({ "a.ts": script(1) }, { readExports: failing, rescanMs: 50 });
    expect(catalog.get("a")?.problems[0]?.message).toContain("no sandbox process is ready");
    fails = false;
    await until(() => catalog.get("a")?.state === "ok");
  });

  test("a store that fails: nothing that is not durable gets in force, and it is tried again", async () => {
    const { root, catalog, versions } = await open({ "a.ts": script(1) }, { rescanMs: 50 });
    versions.fails = true;
    writeFileSync(join(root, "a.ts"), script(2));
    await until(() => catalog.get("a")?.state === "broken");
    expect(returns(catalog.get("a"), 1)).toBe(true);
    expect(catalog.get("a")?.problems[0]?.message).toContain("disk full");
    versions.fails = false;
    await until(() => catalog.get("a")?.state === "ok" && returns(catalog.get("a"), 2));
  });

  test("a listener that throws", async () => {
    const onChange = (): void => {
      throw new Error("listener");
    };
    const { root, catalog, errors } = await open({ "a.ts": script(1) }, { onChange });
    writeFileSync(join(root, "a.ts"), script(2));
    await until(() => returns(catalog.get("a"), 2));
    writeFileSync(join(root, "a.ts"), script(3));
    await until(() => returns(catalog.get("a"), 3));
    expect(errors[0]?.message).toContain("listener");
  });
});
