// A folder that is held open while files in it change: nothing is ever written outside of the pipelines folder.

import { afterEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import type { AppError } from "../../../src/core/app-error.ts";
import { WritableFolder } from "../../../src/pipelines/writable-folder.ts";
import { makeFolder, removeFolders } from "../../fixtures/pipelines/temporary-folder.ts";

afterEach(removeFolders);

async function write(root: string, folder: string, name: string, text: string): Promise<void> {
  const opened = await WritableFolder.open(root, folder);
  try {
    await opened.prepare(name, text);
    await opened.replace(name);
    await opened.sync();
  } finally {
    await opened.close();
  }
}

const failure = async (work: Promise<unknown>): Promise<AppError> =>
  await work.then(
    () => Promise.reject(new Error("it should have failed")),
    (thrown: unknown) => thrown as AppError,
  );

describe("WritableFolder", () => {
  test("makes what is missing of the path, and takes it back as long as it is empty", async () => {
    const root = makeFolder({ "kept/x.ts": "" });
    const opened = await WritableFolder.open(root, "kept/new/deep");
    expect(statSync(join(root, "kept/new/deep")).isDirectory()).toBe(true);
    await opened.removeMade();
    await opened.close();
    expect(readdirSync(join(root, "kept"))).toEqual(["x.ts"]);
  });

  test("replaces a file at once and leaves nothing beside it", async () => {
    const root = makeFolder({ "a.ts": "old", ".a.ts.upload": "left by a server that was killed" });
    await write(root, ".", "a.ts", "new");
    expect(readFileSync(join(root, "a.ts"), "utf8")).toBe("new");
    expect(readdirSync(root)).toEqual(["a.ts"]);
  });

  test("keeps who may read the file that is replaced", async () => {
    const root = makeFolder({ "a.ts": "old" });
    chmodSync(join(root, "a.ts"), 0o600);
    await write(root, ".", "a.ts", "new");
    expect(statSync(join(root, "a.ts")).mode & 0o777).toBe(0o600);
  });

  test("replaces a symlink instead of writing to what it names", async () => {
    const outside = makeFolder({ "target.ts": "precious" });
    const root = makeFolder();
    symlinkSync(join(outside, "target.ts"), join(root, "a.ts"));
    await write(root, ".", "a.ts", "new");
    expect(readFileSync(join(outside, "target.ts"), "utf8")).toBe("precious");
    expect(readFileSync(join(root, "a.ts"), "utf8")).toBe("new");
  });

  test("refuses a symlink that leads out, wherever it is in the path, and makes nothing there", async () => {
    const outside = makeFolder();
    const root = makeFolder({ "home/x.ts": "" });
    symlinkSync(outside, join(root, "out"));
    symlinkSync(outside, join(root, "home/out"));
    for (const folder of ["out", "out/deep", "home/out", "home/out/deep/er"]) {
      const error = await failure(WritableFolder.open(root, folder));
      expect([error.code, error.message]).toEqual(["VALIDATION_FAILED", expect.stringContaining("outside")]);
    }
    expect(readdirSync(outside)).toEqual([]);
  });

  test("writes through a symlink that stays inside", async () => {
    const root = makeFolder({ "home/x.ts": "" });
    symlinkSync("home", join(root, "alias"));
    await write(root, "alias", "y.ts", "new");
    expect(readFileSync(join(root, "home/y.ts"), "utf8")).toBe("new");
  });

  test("writes into the folder that was opened although a symlink has taken its place", async () => {
    const outside = makeFolder();
    const root = makeFolder({ "home/x.ts": "" });
    const opened = await WritableFolder.open(root, "home");
    renameSync(join(root, "home"), join(root, "moved"));
    symlinkSync(outside, join(root, "home"));
    await opened.prepare("a.ts", "new");
    await opened.replace("a.ts");
    await opened.close();
    expect(readdirSync(outside)).toEqual([]);
    expect(readFileSync(join(root, "moved/a.ts"), "utf8")).toBe("new");
  });

  test("says what is in the way", async () => {
    const root = makeFolder({ file: "" });
    mkdirSync(join(root, "a.ts"));
    symlinkSync("nowhere", join(root, "dangling"));
    symlinkSync("round", join(root, "round"));
    const messages = await Promise.all(
      ["file", "file/x", "dangling", "round"].map(async (folder) => await failure(WritableFolder.open(root, folder))),
    );
    messages.push(await failure(write(root, ".", "a.ts", "new")));
    expect(messages.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      "VALIDATION_FAILED: cannot use the folder file: there is a file in its place",
      "VALIDATION_FAILED: cannot use the folder file: there is a file in its place",
      "VALIDATION_FAILED: cannot use the folder dangling: a symlink in its place leads nowhere",
      "VALIDATION_FAILED: cannot use the folder round: its symlinks go round in circles",
      "VALIDATION_FAILED: cannot write a.ts: there is a folder in its place",
    ]);
  });

  test("leaves no file descriptor open, whatever happens", async () => {
    const root = makeFolder({ file: "", "home/x.ts": "" });
    const count = (): number => readdirSync("/proc/self/fd").length;
    await write(root, "home/a/b", "y.ts", "new");
    const before = count();
    for (let round = 0; round < 20; round++) {
      await write(root, "home/a/b", "y.ts", "new");
      await failure(WritableFolder.open(root, "file/x"));
      await failure(WritableFolder.open(root, "home/x.ts/y"));
    }
    expect(count()).toBeLessThanOrEqual(before);
  });

  test("knows which files are there and what a regular one holds", async () => {
    const root = makeFolder({ "a.ts": "text" });
    symlinkSync("a.ts", join(root, "a.js"));
    writeFileSync(join(root, "b.ts"), "");
    const opened = await WritableFolder.open(root, ".");
    expect(await opened.findNames(["a.ts", "a.js", "a.mts"])).toEqual(["a.ts", "a.js"]);
    const held = await Promise.all([
      opened.holds("a.ts", "text"),
      opened.holds("a.ts", "Text"),
      opened.holds("a.js", "text"),
      opened.holds("none.ts", ""),
    ]);
    expect(held).toEqual([true, false, false, false]);
    await opened.remove("a.js");
    await opened.remove("a.js");
    await opened.close();
    expect([existsSync(join(root, "a.js")), existsSync(join(root, "a.ts"))]).toEqual([false, true]);
  });
});
