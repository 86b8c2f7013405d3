// Volumes: their names, their life on disk, and reading from them whatever a container puts there.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import type { Volume } from "../../../src/files/files.ts";
import { rejection } from "../store/store-files.ts";
import { makeRunFolder, never, otherRunId, runId, type RunFolder } from "./run-folder.ts";

let folder: RunFolder;
beforeEach(() => {
  folder = makeRunFolder();
});
afterEach(() => folder.remove());

const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;

describe("volumes.create()", () => {
  test("of one name, asked for several times at once, makes one volume", async () => {
    const { volumes } = folder.files;
    const made = await Promise.all([
      volumes.create(runId, "v"),
      volumes.create(runId, "v"),
      volumes.create(runId, "w"),
    ]);
    expect(new Set(made.map(({ path }) => path)).size).toBe(2);
  });

  test("opens to everybody also what a server that died here had only made", async () => {
    const { path } = await folder.files.volumes.create(runId, "v");
    chmodSync(path, 0o700);
    await folder.files.volumes.create(runId, "v");
    expect(modeOf(path)).toBe(0o777);
  });

  test("with the same name gives the same volume with what is in it", async () => {
    const { volumes } = folder.files;
    const first = await volumes.create(runId, "cache");
    writeFileSync(join(first.path, "kept"), "");
    expect(await volumes.create(runId, "cache")).toEqual(first);
    expect(readdirSync(first.path)).toEqual(["kept"]);
  });

  test("gives two runs two volumes of one name", async () => {
    const { volumes } = folder.files;
    const [one, other] = [await volumes.create(runId, "cache"), await volumes.create(otherRunId, "cache")];
    expect(one.path).not.toBe(other.path);
  });

  test("lets every user write into the volume and nobody else reach it, whatever the umask", async () => {
    const before = process.umask(0o077);
    try {
      const { path } = await folder.files.volumes.create(runId, "cache");
      expect(modeOf(path)).toBe(0o777);
      for (const above of [join(path, ".."), join(path, "../..")]) expect(modeOf(above)).toBe(0o700);
    } finally {
      process.umask(before);
    }
  });

  test.each(["", ".", "..", ".hidden", "a/b", "../x", "a\0", "a b", "ü", "x".repeat(65), "-\n"])(
    "refuses the name %j",
    async (name) => {
      const error = await rejection(folder.files.volumes.create(runId, name));
      expect(error).toMatchObject({ code: "VALIDATION_FAILED" });
    },
  );

  test.each(["a", "-", "_x", "A.b-c_9", "x".repeat(64)])("takes the name %j", async (name) => {
    expect((await folder.files.volumes.create(runId, name)).name).toBe(name);
  });

  test("makes at most 1,000 in a run", async () => {
    const { volumes } = folder.files;
    const made = await Promise.allSettled(Array.from({ length: 1003 }, (_, n) => volumes.create(runId, `volume-${n}`)));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1000);
    expect(await volumes.create(runId, "volume-7")).toMatchObject({ name: "volume-7" });
  });

  test("says why where the data folder is a file", async () => {
    writeFileSync(join(folder.dir, "data"), "");
    const error = await rejection(folder.files.volumes.create(runId, "cache"));
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE", message: expect.stringContaining("cache") });
  });
});

describe("volumes.readFiles()", () => {
  let volume: Volume;
  const read = (...paths: string[]): Promise<Readonly<Record<string, string>>> =>
    folder.files.volumes.readFiles(runId, "v", paths, never);
  const put = (name: string, content: string | Uint8Array): void => writeFileSync(join(volume.path, name), content);
  beforeEach(async () => {
    volume = await folder.files.volumes.create(runId, "v");
  });

  test("gives each file by the path that was asked for", async () => {
    mkdirSync(join(volume.path, "a"));
    put("a/b.txt", "één");
    put("empty", "");
    put("__proto__", "own");
    const paths = ["a/b.txt", "./a/../a/b.txt", join(volume.path, "empty"), "__proto__"];
    const texts = await read(...paths);
    expect(Object.entries(texts)).toEqual([
      [paths[0] ?? "", "één"],
      [paths[1] ?? "", "één"],
      [paths[2] ?? "", ""],
      ["__proto__", "own"],
    ]);
    expect(await read()).toEqual({});
  });

  test("gives bytes that are no UTF-8 as U+FFFD and keeps a byte order mark", async () => {
    put("x", new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff, 0x62]));
    expect(await read("x")).toEqual({ x: "\uFEFFa\uFFFDb" });
  });

  test("names the file that is not there, and the volume", async () => {
    put("x", "");
    const error = await rejection(read("x", "no/such"));
    expect(error).toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringContaining('"no/such" in the volume v'),
    });
  });

  test("names a volume that is not there", async () => {
    const error = await rejection(folder.files.volumes.readFiles(runId, "w", ["x"], never));
    expect(error).toMatchObject({ code: "FILE_NOT_FOUND", message: expect.stringContaining('"w"') });
    expect(await rejection(folder.files.volumes.readFiles(otherRunId, "v", ["x"], never))).toMatchObject({
      code: "FILE_NOT_FOUND",
    });
  });

  test.each(["..", "../v2/x", "/etc/passwd", "a/../../x", ".", "", "x\0y"])("refuses the path %j", async (path) => {
    expect(await rejection(read(path))).toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  test("refuses a path that is longer than any can be, with a short message", async () => {
    const error = await rejection(read(`${"a/".repeat(3000)}x`));
    expect(error).toMatchObject({ code: "FILE_NOT_FOUND" });
    expect((error as Error).message.length).toBeLessThan(400);
  });

  test("follows links that stay in the volume and no others", async () => {
    mkdirSync(join(volume.path, "a"));
    put("a/target", "inside");
    writeFileSync(join(folder.dir, "secret"), "secret");
    symlinkSync("target", join(volume.path, "a/link"));
    symlinkSync("a", join(volume.path, "folder"));
    expect(await read("a/link", "folder/link")).toEqual({ "a/link": "inside", "folder/link": "inside" });
    symlinkSync("../../../../secret", join(volume.path, "out"));
    symlinkSync("/etc", join(volume.path, "etc"));
    symlinkSync("/proc/self/environ", join(volume.path, "proc"));
    symlinkSync("loop", join(volume.path, "loop"));
    for (const path of ["out", "etc/passwd", "proc", "loop"]) {
      expect(await rejection(read(path))).toMatchObject({ code: "FILE_NOT_FOUND" });
    }
  });

  test("does not take a neighbour whose name begins the same for the volume", async () => {
    const { path } = await folder.files.volumes.create(runId, "v2");
    writeFileSync(join(path, "x"), "x");
    symlinkSync("../v2/x", join(volume.path, "x"));
    expect(await rejection(read("x"))).toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  test("refuses folders, FIFOs and sockets without waiting for anybody", async () => {
    mkdirSync(join(volume.path, "folder"));
    Bun.spawnSync(["mkfifo", join(volume.path, "fifo")]);
    const listener = Bun.listen({ unix: join(volume.path, "socket"), socket: { data() {} } });
    for (const path of ["folder", "fifo", "socket"]) {
      expect(await rejection(read(path))).toMatchObject({ code: "FILE_NOT_FOUND" });
    }
    listener.stop();
  });

  test("reads what is inside while a hostile process swaps the file for a link out of the volume", async () => {
    writeFileSync(join(folder.dir, "secret"), "secret");
    symlinkSync(join(folder.dir, "secret"), join(volume.path, "link"));
    put("good", "inside");
    put("x", "inside");
    const swap = `cd ${volume.path}; while :; do ln -sf ${folder.dir}/secret t; mv -T t x; ln -f good t; mv -T t x; done`;
    const swapper = Bun.spawn(["sh", "-c", swap], { stdout: "ignore", stderr: "ignore" });
    const seen = new Set<string>();
    try {
      const endsAt = Date.now() + 15_000;
      for (let reads = 0; reads < 1000 || (seen.size < 2 && Date.now() < endsAt); reads++) {
        seen.add(
          await read("x").then(
            ({ x = "" }) => x,
            () => "refused",
          ),
        );
      }
    } finally {
      swapper.kill("SIGKILL");
      await swapper.exited;
    }
    expect([...seen].sort()).toEqual(["inside", "refused"]);
  });

  test("takes 10 MiB in all and not a byte more", async () => {
    put("half", "");
    truncateSync(join(volume.path, "half"), 5 * 1024 * 1024);
    put("rest", "a".repeat(5 * 1024 * 1024));
    put("one", "1");
    const texts = await read("half", "rest");
    expect(Object.values(texts).map(({ length }) => length)).toEqual([5 * 1024 * 1024, 5 * 1024 * 1024]);
    const error = await rejection(read("half", "rest", "one"));
    expect(error).toMatchObject({ code: "FILE_TOO_LARGE", message: expect.stringContaining('"one"') });
  });

  test("does not read a file of a terabyte", async () => {
    put("huge", "");
    truncateSync(join(volume.path, "huge"), 2 ** 40);
    expect(await rejection(read("huge"))).toMatchObject({ code: "FILE_TOO_LARGE" });
  });

  test("ends at the limit while a file grows faster than it is read", async () => {
    put("log", "x".repeat(1024 * 1024));
    let bytes = 1024 * 1024;
    // Holes only: a process that writes would fill the disk if this test were killed.
    const grow = (): void => {
      truncateSync(join(volume.path, "log"), (bytes += 1024 * 1024));
      growth = setImmediate(grow);
    };
    let growth = setImmediate(grow);
    try {
      expect(await rejection(read("log"))).toMatchObject({ code: "FILE_TOO_LARGE" });
    } finally {
      clearImmediate(growth);
    }
  });

  test("takes 1,000 paths and no more", async () => {
    put("x", "x");
    const paths = Array.from({ length: 1001 }, (_, index) => `${"./".repeat(index)}x`);
    expect(Object.keys(await read(...paths.slice(0, 1000)))).toHaveLength(1000);
    expect(await rejection(read(...paths))).toMatchObject({ code: "VALIDATION_FAILED" });
  });

  test("ends when the run ends", async () => {
    put("x", "x");
    const reading = folder.files.volumes.readFiles(runId, "v", ["x"], AbortSignal.abort());
    expect(await rejection(reading)).toMatchObject({ code: "RUN_CANCELLED" });
  });

  test("leaves no file open, whatever it met", async () => {
    put("x", "x");
    const count = (): number => readdirSync("/proc/self/fd").length;
    await read("x");
    const before = count();
    for (let i = 0; i < 50; i++) {
      await read("x");
      await rejection(read("x", "none"));
      await rejection(read("."));
    }
    expect(count()).toBeLessThanOrEqual(before + 3);
  });
});

describe("volumes.removeRun()", () => {
  test("removes the volumes of the run and nothing that their links lead to", async () => {
    const { volumes } = folder.files;
    const { path } = await volumes.create(runId, "v");
    const other = await volumes.create(otherRunId, "v");
    writeFileSync(join(folder.dir, "outside"), "outside");
    mkdirSync(join(folder.dir, "folder"));
    writeFileSync(join(folder.dir, "folder/kept"), "");
    symlinkSync(join(folder.dir, "outside"), join(path, "a"));
    symlinkSync(join(folder.dir, "folder"), join(path, "b"));
    symlinkSync(other.path, join(path, "c"));
    await volumes.removeRun(runId);
    expect(existsSync(join(path, ".."))).toBe(false);
    expect(readdirSync(join(folder.dir, "folder"))).toEqual(["kept"]);
    expect(existsSync(other.path)).toBe(true);
  });

  test("removes folders in folders in folders, deeper than any path can be", async () => {
    const { path } = await folder.files.volumes.create(runId, "v");
    const script = `cd ${path}; d=$(printf %0200d 1); i=0; while [ $i -lt 100 ]; do mkdir $d; cd ./$d; i=$((i+1)); done; : > end`;
    expect(Bun.spawnSync(["sh", "-c", script]).exitCode).toBe(0);
    await folder.files.volumes.removeRun(runId);
    expect(existsSync(path)).toBe(false);
  });

  test("removes nothing of a run that has none", async () => {
    await folder.files.volumes.removeRun(otherRunId);
    expect(existsSync(join(folder.dir, "data"))).toBe(false);
  });

  test("knows the runs of an earlier life and no folders of another shape", async () => {
    const { path } = await folder.files.volumes.create(runId, "v");
    mkdirSync(join(folder.dir, "data/volumes/precious"));
    const { volumes } = folder.reopen();
    expect(await volumes.listRuns()).toEqual([runId]);
    await volumes.removeRun(runId);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(join(folder.dir, "data/volumes"))).toEqual(["precious"]);
  });
});
