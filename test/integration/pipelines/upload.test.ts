// upload() and remove() of a catalog on a real folder; exports are read in this process.

import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AppError } from "../../../src/core/app-error.ts";
import {
  type Catalog,
  type CatalogChange,
  openCatalog,
  type ReadExports,
  type SavedVersion,
  type UploadSteps,
} from "../../../src/pipelines/pipelines.ts";
import { makeFolder, removeFolders, writeFiles } from "../../fixtures/pipelines/temporary-folder.ts";
import { setReadOnly, smallDiskUnavailable, withSmallDisk } from "../../unit/store/small-disk.ts";

setDefaultTimeout(60_000);

const cannotMount = smallDiskUnavailable !== null && !process.env["CI"];
const opened: Catalog[] = [];
afterEach(async () => {
  for (const catalog of opened.splice(0)) await catalog.close();
  removeFolders();
});

class Setting {
  readonly root: string;
  readonly saved = new Map<string, SavedVersion>();
  readonly changes: CatalogChange[] = [];
  /** What happened in which order. */
  readonly happened: string[] = [];
  inspections = 0;
  catalog: Catalog | null = null;

  private constructor(root: string) {
    this.root = root;
  }

  static async open(files: Readonly<Record<string, string>> | string = {}): Promise<Setting> {
    const setting = new Setting(typeof files === "string" ? files : makeFolder(files));
    await setting.start();
    return setting;
  }

  async start(): Promise<void> {
    this.catalog = await openCatalog({
      root: this.root,
      readExports: this.readExports,
      lastGood: [...this.saved.values()],
      saveVersion: async (version) => {
        this.happened.push(`save ${version.file}`);
        this.saved.set(version.pipeline, version);
      },
      findBundle: async () => undefined,
      removeVersion: async (id) => void this.saved.delete(id),
      onChange: (change) => this.changes.push(change),
      onError: (error) => this.happened.push(error.message),
      rescanMs: 60_000,
    });
    opened.push(this.catalog);
  }

  /** Stands for the sandbox: the bundles of these tests are harmless. */
  readonly readExports: ReadExports = async (bundle) => {
    this.inspections += 1;
    try {
      const url = `data:text/javascript;base64,${Buffer.from(bundle.code).toString("base64")}`;
      const module = (await import(url)) as Record<string, unknown>;
      const names = Object.keys(module);
      return { ok: true, exports: { pipeline: typeof module["pipeline"], config: module["config"], names } };
    } catch (thrown) {
      return { ok: false, message: String(thrown), line: 1, column: 1, hint: null };
    }
  };

  get files(): string[] {
    return readdirSync(this.root, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.root.length + 1))
      .sort();
  }

  read(file: string): string {
    return readFileSync(join(this.root, file), "utf8");
  }

  steps(id: string, changes: Partial<UploadSteps> = {}): UploadSteps {
    return {
      before: async (version) => {
        this.happened.push(`before, file ${existsSync(join(this.root, version.file)) ? "there" : "absent"}`);
        this.saved.set(id, version);
      },
      undo: async (version) => void this.happened.push(`undo to ${version?.file ?? "nothing"}`),
      after: async () => void this.happened.push(`after, ${this.find(id)?.state ?? "unknown"}`),
      ...changes,
    };
  }

  async upload(id: string, source: string, changes: Partial<UploadSteps> = {}, extension: ".ts" | ".js" = ".ts") {
    if (!this.catalog) throw new Error("not open");
    return (await this.catalog.upload({ id, source, extension }, this.steps(id, changes))).change;
  }

  async remove(id: string): Promise<boolean> {
    let found = false;
    await this.catalog?.remove(id, { after: async (wasThere) => void (found = wasThere) });
    return found;
  }

  find(id: string) {
    return this.catalog?.get(id);
  }

  /** What the version in force returns. */
  value(id: string): number {
    return Number(/=> \(?(\d+)/.exec(this.find(id)?.version?.bundle.code ?? "")?.[1] ?? Number.NaN);
  }
}

const script = (value: number, more = ""): string => `${more}\nexport const pipeline = () => ${value};\n`;
const failure = async (work: Promise<unknown>): Promise<AppError> =>
  await work.then(
    () => Promise.reject(new Error("it should have failed")),
    (thrown: unknown) => thrown as AppError,
  );

describe("upload()", () => {
  test("puts a new file in force before it resolves, and says so once", async () => {
    const setting = await Setting.open();
    expect(await setting.upload("home/deep/backup", script(7))).toBe("created");
    expect([setting.value("home/deep/backup"), setting.files]).toEqual([7, ["home/deep/backup.ts"]]);
    expect(setting.happened).toEqual(["before, file absent", "after, ok"]);
    await Bun.sleep(300);
    expect(setting.changes.map(({ id, state }) => [id, state])).toEqual([["home/deep/backup", "ok"]]);
  });

  test("looks once into the sandbox for one upload", async () => {
    const setting = await Setting.open();
    await setting.upload("a", script(1));
    expect(setting.inspections).toBe(1);
  });

  test("replaces a file, and knows one that is the same", async () => {
    const setting = await Setting.open({ "a.ts": script(1) });
    expect(await setting.upload("a", script(2))).toBe("updated");
    expect(setting.value("a")).toBe(2);
    expect(await setting.upload("a", script(2))).toBe("unchanged");
    expect(setting.happened.filter((each) => each.startsWith("after"))).toHaveLength(2);
  });

  test("replaces the file of the same pipeline with another extension without it ever being broken", async () => {
    const setting = await Setting.open({ "a.js": script(1), "a.mjs.bak": "" });
    expect(await setting.upload("a", script(2))).toBe("updated");
    expect([setting.value("a"), setting.files]).toEqual([2, ["a.mjs.bak", "a.ts"]]);
    await Bun.sleep(300);
    expect(setting.changes.map(({ state }) => state)).toEqual(["ok"]);
  });

  test("mends a pipeline whose files are in each other's way, or broken", async () => {
    const setting = await Setting.open({ "a.js": script(1), "a.mjs": script(2), "b.ts": "export const" });
    expect([setting.find("a")?.state, setting.find("b")?.state]).toEqual(["broken", "broken"]);
    await setting.upload("a", script(3));
    await setting.upload("b", script(4));
    expect([setting.value("a"), setting.value("b"), setting.files]).toEqual([3, 4, ["a.ts", "b.ts"]]);
  });

  test("imports what is in the folder of the server", async () => {
    const setting = await Setting.open({ "home/lib/x.ts": "export const x = 9;" });
    await setting.upload("home/a", `import { x } from "./lib/x";\nexport const pipeline = () => x;`);
    expect(setting.find("home/a")?.version?.bundle.code).toContain("9");
    // A later change of the imported file counts as for any other pipeline.
    writeFiles(setting.root, { "home/lib/x.ts": "export const x = 8888;" });
    while (!setting.find("home/a")?.version?.bundle.code.includes("8888")) await Bun.sleep(5);
  });

  test("imports through a symlinked folder what its target imports", async () => {
    const setting = await Setting.open({ "real/deep/x.ts": script(1), "real/lib/n.ts": "export const n = 5;" });
    symlinkSync("real/deep", join(setting.root, "alias"));
    await setting.upload("alias/y", `import { n } from "../lib/n";\nexport const pipeline = () => n;`);
    expect(setting.find("alias/y")?.state).toBe("ok");
    expect(setting.files).toContain("real/deep/y.ts");
  });

  const broken: readonly (readonly [what: string, source: string, message: string])[] = [
    ["a syntax error", "export const pipeline = () => {\n  const = 1;\n};", "a.ts:2:"],
    ["no pipeline", "export const pipelin = () => 1;", "pipeline is missing"],
    ["a bad config", `export const config = { timeout: "soon" };\n${script(1)}`, "a.ts:1:"],
    ["an import that is not there", `import "./lib/none";\n${script(1)}`, "a.ts:1:8 cannot find"],
    ["a package that is not there", `import "leftpad";\n${script(1)}`, "leftpad"],
    ["an import of a file outside", `import x from "/etc/passwd";\n${script(1)}\nx();`, "a.ts:1:"],
    ["an import that climbs out", `import x from "../../../../../../../etc/passwd";\n${script(1)}\nx();`, "a.ts:1:"],
    ["a macro", `import { x } from "./lib/m" with { type: "macro" };\n${script(1)}`, "macros are not supported"],
    ["a module of the runtime", `import { $ } from "bun";\n${script(1)}\n$();`, "bun"],
    ["binary garbage", "\u0000\u0001\u007fELF\ufffd\u0000", "a.ts"],
    ["nothing at all", "", "pipeline is missing"],
    ["a file over 1 MiB", `${script(1)}//${"x".repeat(1024 ** 2)}`, "larger than 1048576 bytes"],
  ];
  test.each(broken)("refuses %s and changes nothing", async (_what, source, message) => {
    const setting = await Setting.open({ "a.ts": script(1), "lib/m.ts": "export const x = () => 1;" });
    const before = setting.files;
    const error = await failure(setting.upload("a", source));
    expect(error.code).toBe("LOAD_FAILED");
    const problems = error.details["problems"] as { file: string; line: number; column: number; message: string }[];
    const texts = problems.map((each) => `${each.file}:${each.line}:${each.column} ${each.message}`).join("\n");
    expect(texts).toContain(message);
    expect(texts).not.toContain(".upload");
    expect([setting.files, setting.value("a"), setting.happened.slice(1)]).toEqual([before, 1, []]);
    const absent = await failure(setting.upload("new/folder/a", source));
    expect([absent.code, setting.files, existsSync(join(setting.root, "new"))]).toEqual(["LOAD_FAILED", before, false]);
  });

  test("says that imports are looked for on the server", async () => {
    const setting = await Setting.open();
    const error = await failure(setting.upload("a", `import "./lib/none";\n${script(1)}`));
    expect(error.hint).toContain("in the server's pipelines folder already");
  });

  test("refuses names that are none, and half a character", async () => {
    const setting = await Setting.open();
    for (const id of ["../x", "/x", "x\0y", "lib/x", "_x", "x.ts"]) {
      expect((await failure(setting.upload(id, script(1)))).code).toBe("VALIDATION_FAILED");
    }
    const error = await failure(setting.upload("a", `// \ud800\n${script(1)}`));
    expect([error.code, setting.files]).toEqual(["VALIDATION_FAILED", []]);
  });

  test("refuses a folder that is a symlink out of the pipelines folder", async () => {
    const outside = makeFolder();
    const setting = await Setting.open();
    symlinkSync(outside, join(setting.root, "out"));
    for (const id of ["out/x", "out/deep/x"]) {
      expect((await failure(setting.upload(id, script(1)))).message).toContain("outside");
    }
    expect(readdirSync(outside)).toEqual([]);
  });

  test("takes everything back where the version cannot be stored", async () => {
    const setting = await Setting.open({ "a.ts": script(1) });
    const before = (): Promise<void> => Promise.reject(new Error("the disk is full"));
    expect((await failure(setting.upload("a", script(2), { before }))).message).toBe("the disk is full");
    expect((await failure(setting.upload("new/b", script(2), { before }))).message).toBe("the disk is full");
    expect([setting.value("a"), setting.files, setting.find("new/b")]).toEqual([1, ["a.ts"], undefined]);
    expect(readdirSync(setting.root)).toEqual(["a.ts"]);
  });

  test("has undone what was stored where the file cannot be put in place", async () => {
    const setting = await Setting.open({ "a.ts/x.ts": script(1), "b.js": script(1) });
    const error = await failure(setting.upload("a", script(2)));
    expect(error.message).toContain("there is a folder in its place");
    expect(setting.happened.at(-1)).toBe("undo to nothing");
    expect(setting.files).toEqual(["a.ts/x.ts", "b.js"]);
  });

  test("puts one after the other, and the last one in force", async () => {
    const setting = await Setting.open();
    const uploads = Array.from({ length: 20 }, (_, index) => setting.upload("a", script(index)));
    const changes = await Promise.all(uploads);
    expect(changes.map((change, index) => (index === 0 ? change === "created" : change === "updated"))).not.toContain(
      false,
    );
    expect([setting.value("a"), setting.read("a.ts"), setting.files]).toEqual([19, script(19), ["a.ts"]]);
  });

  test("of a hundred pipelines at once puts all in force", async () => {
    const setting = await Setting.open();
    await Promise.all(Array.from({ length: 100 }, (_, index) => setting.upload(`p${index}`, script(index))));
    expect(setting.catalog?.list().map(({ id, state }) => [state, setting.value(id) === Number(id.slice(1))])).toEqual(
      Array.from({ length: 100 }, () => ["ok", true]),
    );
  });

  test("leaves the last word to an editor that saves the same file meanwhile", async () => {
    const setting = await Setting.open({ "a.ts": script(1) });
    const after = async (): Promise<void> => writeFileSync(join(setting.root, "a.ts"), script(3));
    await setting.upload("a", script(2), { after });
    while (setting.value("a") !== 3) await Bun.sleep(5);
    expect(setting.read("a.ts")).toBe(script(3));
  });

  test("is finished before the catalog is closed", async () => {
    const setting = await Setting.open();
    const upload = setting.upload("a", script(1));
    await setting.catalog?.close();
    expect(await upload).toBe("created");
  });

  test.skipIf(cannotMount)(
    "on a full or read-only disk is refused, leaves nothing, and works again later",
    async () => {
      await withSmallDisk(1, async (disk) => {
        writeFileSync(join(disk, "a.ts"), script(1));
        const setting = await Setting.open(disk);
        const long = `${script(2)}//${"x".repeat(300_000)}`;
        writeFileSync(join(disk, ".ballast"), "x".repeat(900_000));
        const full = await failure(setting.upload("a", long));
        expect([full.code, full.message]).toEqual([
          "STORE_UNAVAILABLE",
          "cannot write a.ts: no space is left on the disk",
        ]);
        expect(readdirSync(disk).sort()).toEqual([".ballast", "a.ts"]);
        setReadOnly(disk, true);
        for (const id of ["a", "new/b"]) {
          const readOnly = await failure(setting.upload(id, script(2)));
          expect([readOnly.code, readOnly.message]).toEqual([
            "STORE_UNAVAILABLE",
            expect.stringContaining("read-only"),
          ]);
        }
        expect((await failure(setting.remove("a"))).message).toContain("read-only");
        expect(setting.value("a")).toBe(1);
        setReadOnly(disk, false);
        writeFileSync(join(disk, ".ballast"), "");
        expect(await setting.upload("a", long)).toBe("updated");
        expect(setting.value("a")).toBe(2);
        await setting.catalog?.close();
      });
    },
  );
});

describe("remove()", () => {
  test("removes the file at once, also one that does not load or that nobody has looked at yet", async () => {
    const setting = await Setting.open({ "a.ts": script(1), "b/broken.ts": "export const", "c.js": script(1) });
    writeFileSync(join(setting.root, "new.ts"), script(1));
    for (const id of ["a", "b/broken", "new"]) {
      expect(await setting.remove(id)).toBe(true);
      expect(setting.find(id)).toBeUndefined();
    }
    expect([setting.files, [...setting.saved.keys()]]).toEqual([["c.js"], ["c"]]);
    await Bun.sleep(300);
    const removed = setting.changes.filter(({ state }) => state === "removed").map(({ id }) => id);
    expect(removed.sort()).toEqual(["a", "b/broken", "new"]);
  });

  test("says where there was nothing, and touches nothing outside", async () => {
    const outside = makeFolder({ "x.ts": script(1) });
    const setting = await Setting.open({ "a.ts": script(1), "lib/x.ts": "" });
    symlinkSync(outside, join(setting.root, "out"));
    for (const id of ["none", "lib/x", "../a", "out/x", "", "a.ts"]) expect(await setting.remove(id)).toBe(false);
    // The symlink itself is listed as broken; it is no file of a script.
    expect((await failure(setting.remove("out"))).code).toBe("VALIDATION_FAILED");
    expect([readdirSync(outside), setting.files]).toEqual([["x.ts"], ["a.ts", "lib/x.ts", "out", "out/x.ts"]]);
  });

  test("removes a symlink, not what it names", async () => {
    const outside = makeFolder({ "x.ts": script(1) });
    const setting = await Setting.open();
    symlinkSync(join(outside, "x.ts"), join(setting.root, "a.ts"));
    expect(await setting.remove("a")).toBe(true);
    expect([readdirSync(outside), setting.files]).toEqual([["x.ts"], []]);
  });

  test("and an upload right after it leave the upload", async () => {
    const setting = await Setting.open({ "a.ts": script(1) });
    const [, change] = await Promise.all([setting.remove("a"), setting.upload("a", script(2))]);
    await Bun.sleep(300);
    expect([change, setting.value("a"), setting.files]).toEqual(["created", 2, ["a.ts"]]);
  });
});
