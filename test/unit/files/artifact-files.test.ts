// Files of artifacts: from where they are taken, what bounds them, and what is left when something goes wrong.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createTreeRemover } from "../../../src/executors/executors.ts";
import { openRunFiles, type ArtifactSource } from "../../../src/files/files.ts";
import { smallDiskUnavailable, withSmallDisk } from "../store/small-disk.ts";
import { rejection } from "../store/store-files.ts";
import { makeRunFolder, never, otherRunId, runId, type RunFolder } from "./run-folder.ts";

const maxBytes = 3 * 1024 * 1024;
let folder: RunFolder;
beforeEach(() => {
  folder = makeRunFolder(maxBytes);
});
afterEach(() => folder.remove());

const save = (number: number, source: ArtifactSource, signal = never): Promise<number> =>
  folder.files.artifacts.save({ runId, number, name: "report", source, signal });
const kept = (number: number): string => readFileSync(folder.files.artifacts.path(runId, number), "utf8");
const artifactsDir = (): string => join(folder.dir, "data/artifacts");
/** All files below the folder of artifacts. */
const allFiles = (): string[] =>
  readdirSync(artifactsDir(), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

describe("artifacts.save()", () => {
  test("keeps a text as UTF-8 and says how many bytes it is", async () => {
    expect(await save(1, { text: "één\n" })).toBe(6);
    expect(await save(2, { text: "" })).toBe(0);
    expect([kept(1), kept(2)]).toEqual(["één\n", ""]);
  });

  test("lets nobody else read what is kept", async () => {
    await save(1, { text: "x" });
    const path = folder.files.artifacts.path(runId, 1);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    expect(lstatSync(join(path, "..")).mode & 0o777).toBe(0o700);
    expect(lstatSync(artifactsDir()).mode & 0o777).toBe(0o700);
  });

  test("copies a file of this machine, and the copy does not change with it", async () => {
    const path = join(folder.dir, "log");
    const content = Buffer.alloc(2_500_000, "0123456789abcdef!");
    writeFileSync(path, content);
    expect(await save(1, { path })).toBe(content.length);
    writeFileSync(path, "changed");
    expect(readFileSync(folder.files.artifacts.path(runId, 1)).equals(content)).toBe(true);
  });

  test("saves also where a server died in the middle of saving the same", async () => {
    mkdirSync(join(artifactsDir(), "incoming"), { recursive: true });
    writeFileSync(join(artifactsDir(), "incoming", `${runId}.1`), "half of something much longer");
    expect(await save(1, { text: "whole" })).toBe(5);
    expect([kept(1), readdirSync(join(artifactsDir(), "incoming"))]).toEqual(["whole", []]);
  });

  test("copies files that say they are empty, as those of /proc", async () => {
    expect(await save(1, { path: "/proc/self/status" })).toBeGreaterThan(100);
    expect(kept(1)).toContain("Name:");
  });

  test.each(["relative", "", "./x", "/no/such/file", "/etc", "/dev/null", "/dev/zero", "/x\0y"])(
    "refuses the path %j and leaves nothing",
    async (path) => {
      expect(await rejection(save(1, { path }))).toMatchObject({ code: "FILE_NOT_FOUND" });
      expect(existsSync(artifactsDir()) ? allFiles() : []).toEqual([]);
    },
  );

  test("tells what to do about a relative path", async () => {
    expect(await rejection(save(1, { path: "out/x" }))).toMatchObject({ hint: expect.stringContaining("volume") });
  });

  test("takes files of a volume, by its name or by their path, but not what its links lead to", async () => {
    const volume = await folder.files.volumes.create(runId, "v");
    writeFileSync(join(volume.path, "in"), "inside");
    writeFileSync(join(folder.dir, "secret"), "secret");
    symlinkSync("in", join(volume.path, "link"));
    symlinkSync(join(folder.dir, "secret"), join(volume.path, "out"));
    await save(1, { volume: "v", path: "link" });
    await save(2, { path: join(volume.path, "link") });
    expect([kept(1), kept(2)]).toEqual(["inside", "inside"]);
    for (const source of [
      { volume: "v", path: "out" },
      { volume: "v", path: "../../../../secret" },
      { path: join(volume.path, "out") },
      { path: `${folder.dir}/data/../data/volumes/${runId}/v//out` },
    ]) {
      expect(await rejection(save(3, source))).toMatchObject({ code: "FILE_NOT_FOUND" });
    }
  });

  test("does not follow links of another run's volume either", async () => {
    const volume = await folder.files.volumes.create(otherRunId, "v");
    symlinkSync("/etc/hostname", join(volume.path, "out"));
    expect(await rejection(save(1, { path: join(volume.path, "out") }))).toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  test("does not follow links of a volume that is named by the real path of the data folder", async () => {
    const data = join(folder.dir, "data");
    mkdirSync(join(folder.dir, "disk"));
    symlinkSync("disk", data);
    const volume = await folder.files.volumes.create(runId, "v");
    symlinkSync("/etc/hostname", join(volume.path, "out"));
    writeFileSync(join(volume.path, "in"), "x");
    const real = realpathSync(volume.path);
    expect(real).not.toBe(volume.path);
    expect(await rejection(save(1, { path: join(real, "out") }))).toMatchObject({ code: "FILE_NOT_FOUND" });
    expect(await save(2, { path: join(real, "in") })).toBe(1);
  });

  test("takes as many bytes as are allowed and not one more, as a text and as a file", async () => {
    const path = join(folder.dir, "big");
    writeFileSync(path, "");
    truncateSync(path, maxBytes);
    expect(await save(1, { path })).toBe(maxBytes);
    truncateSync(path, maxBytes + 1);
    expect(await rejection(save(2, { path }))).toMatchObject({ code: "FILE_TOO_LARGE" });
    expect(await rejection(save(3, { text: "x".repeat(maxBytes + 1) }))).toMatchObject({ code: "FILE_TOO_LARGE" });
    truncateSync(path, 2 ** 40);
    expect(await rejection(save(4, { path }))).toMatchObject({ code: "FILE_TOO_LARGE" });
    expect(allFiles()).toEqual(["1"]);
  });

  test("never copies more than is allowed of a file that grows meanwhile", async () => {
    const path = join(folder.dir, "growing");
    const grower = Bun.spawn(["sh", "-c", `exec head -c 1000000000 /dev/zero > ${path}`], { stderr: "ignore" });
    try {
      while (!existsSync(path)) await Bun.sleep(1);
      let refused: unknown = null;
      for (let number = 1; refused === null && number < 10_000; number++) {
        refused = await save(number, { path }).then(
          (bytes) => (bytes <= maxBytes ? null : bytes),
          (error: unknown) => error,
        );
        await folder.files.artifacts.remove(runId, number);
      }
      expect(refused).toMatchObject({ code: "FILE_TOO_LARGE" });
    } finally {
      grower.kill("SIGKILL");
      await grower.exited;
    }
    expect(allFiles()).toEqual([]);
  });

  test("leaves nothing when the run ends", async () => {
    const path = join(folder.dir, "big");
    writeFileSync(path, "x".repeat(maxBytes));
    expect(await rejection(save(1, { path }, AbortSignal.abort()))).toMatchObject({ code: "RUN_CANCELLED" });
    expect(await rejection(save(2, { text: "x" }, AbortSignal.abort()))).toMatchObject({ code: "RUN_CANCELLED" });
    expect(allFiles()).toEqual([]);
  });

  test.skipIf(smallDiskUnavailable !== null && !process.env["CI"])(
    "says that the disk is full, leaves nothing, and works again when there is room",
    async () => {
      await withSmallDisk(2, async (disk) => {
        const removeTree = createTreeRemover({ path: "/usr/bin:/bin" });
        const { artifacts } = openRunFiles({ dataDir: disk, maxArtifactBytes: maxBytes, removeTree });
        const path = join(folder.dir, "big");
        writeFileSync(path, "x".repeat(maxBytes));
        const wanted = { runId, number: 1, name: "big", signal: never };
        expect(await rejection(artifacts.save({ ...wanted, source: { path } }))).toMatchObject({
          code: "STORE_UNAVAILABLE",
          message: expect.stringMatching(/"big".*full/),
        });
        expect(readdirSync(join(disk, "artifacts/incoming"))).toEqual([]);
        expect(await artifacts.save({ ...wanted, source: { text: "x".repeat(1_500_000) } })).toBe(1_500_000);
      });
    },
  );
});

test("what was on its way when a server died is found by its run and removed", async () => {
  await save(1, { text: "kept" });
  writeFileSync(join(artifactsDir(), "incoming", `${runId}.2`), "half");
  writeFileSync(join(artifactsDir(), "incoming", `${otherRunId}.2`), "half");
  const { artifacts } = folder.reopen();
  expect([...(await artifacts.listIncoming())].sort()).toEqual([runId, otherRunId]);
  await artifacts.removeIncoming(runId);
  expect(await artifacts.listIncoming()).toEqual([otherRunId]);
  expect(kept(1)).toBe("kept");
});

test("a run's artifacts go together, and those of others stay", async () => {
  await save(1, { text: "x" });
  await save(2, { text: "y" });
  await folder.files.artifacts.save({ runId: otherRunId, number: 1, name: "z", source: { text: "z" }, signal: never });
  await folder.files.artifacts.remove(runId, 1);
  expect(readdirSync(join(artifactsDir(), runId))).toEqual(["2"]);
  await folder.files.artifacts.removeRun(runId);
  await folder.files.artifacts.removeRun(runId);
  expect(readdirSync(artifactsDir()).sort()).toEqual([otherRunId, "incoming"]);
});
