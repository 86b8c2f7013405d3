// A disk that is full, read-only, damaged or held by someone else: a clear error, nothing half kept, and life goes on.

import { Database } from "bun:sqlite";
import { openSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { openSqliteStore, type Store } from "../../../src/store/store.ts";
import { eventually } from "../../fixtures/harness/eventually.ts";
import { setReadOnly, smallDiskUnavailable, withSmallDisk } from "./small-disk.ts";
import { createWorker, impossibleWrite, openStore, rejection, setValue, withDatabase } from "./store-files.ts";

// In CI a skip would be a failure, so there the tests run and say by failing what they lack.
const cannotMount = smallDiskUnavailable !== null && !process.env["CI"];
const reason = smallDiskUnavailable === null ? "" : `: ${smallDiskUnavailable}`;

/** Commits 64 KiB at a time until it fails; the error, and how many succeeded. */
async function fill(store: Store): Promise<{ readonly error: unknown; readonly kept: number }> {
  const value = "x".repeat(64 * 1024);
  for (let kept = 0; kept < 10_000; kept++) {
    try {
      await store.commit([setValue(`fill-${kept}-a`, value), setValue(`fill-${kept}-b`, value)]);
    } catch (error) {
      return { error, kept };
    }
  }
  throw new Error("the disk never became full");
}

async function readDamaged(path: string): Promise<void> {
  const store = await openStore(path);
  try {
    await store.values.get("deploy", "k");
  } finally {
    await store.close();
  }
}

test.skipIf(cannotMount)(`a commit to a full disk is wholly absent, and later ones succeed${reason}`, async () => {
  await withSmallDisk(8, async (disk) => {
    const ballast = join(disk, "ballast");
    writeFileSync(ballast, new Uint8Array(3 * 1024 * 1024));
    const store = await openStore(join(disk, "runner.db"));
    await store.commit([setValue("before")]);
    const { error, kept } = await fill(store);
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE", class: { retryable: true } });
    expect(String(error)).toContain("the disk is full");
    expect(kept).toBeGreaterThan(0);
    const keys = await store.values.keys("deploy", "fill-");
    expect(keys.length).toBe(2 * kept);
    rmSync(ballast);
    await store.commit([setValue("after", "room again")]);
    await store.close();
    const reopened = await openStore(join(disk, "runner.db"));
    expect(await reopened.values.keys("deploy", "")).toEqual(["after", "before", ...keys]);
    await reopened.close();
  });
});

test.skipIf(cannotMount)(`a batch that the disk refuses rejects each of its commits${reason}`, async () => {
  await withSmallDisk(6, async (disk) => {
    const store = await openStore(join(disk, "runner.db"));
    const value = "x".repeat(200_000);
    const commits = Array.from({ length: 40 }, (_, index) => store.commit([setValue(`k${index}`, value)]));
    const results = await Promise.allSettled(commits);
    expect(results.map(({ status }) => status)).toEqual(results.map(() => "rejected"));
    expect(await store.values.keys("deploy", "")).toEqual([]);
    await store.commit([setValue("small")]);
    await store.close();
  });
});

test.skipIf(cannotMount)(`a store on a full disk still closes, and opens again with room${reason}`, async () => {
  await withSmallDisk(4, async (disk) => {
    const path = join(disk, "runner.db");
    const ballast = join(disk, "ballast");
    writeFileSync(ballast, new Uint8Array(512 * 1024));
    const store = await openStore(path);
    const { kept } = await fill(store);
    await store.close();
    expect(await rejection(openStore(path))).toMatchObject({ code: "STORE_UNAVAILABLE" });
    rmSync(ballast);
    const reopened = await openStore(path);
    expect((await reopened.values.keys("deploy", "")).length).toBe(2 * kept);
    await reopened.close();
  });
});

test.skipIf(cannotMount)(`a database on a read-only file system is refused by name${reason}`, async () => {
  await withSmallDisk(8, async (disk) => {
    const path = join(disk, "runner.db");
    await (await openStore(path)).close();
    setReadOnly(disk, true);
    const error = await rejection(openStore(path));
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(String(error)).toContain(path);
    setReadOnly(disk, false);
    await (await openStore(path)).close();
  });
});

test.skipIf(cannotMount)(`a read-only file in a writable folder is refused by name${reason}`, async () => {
  await withSmallDisk(8, async (disk) => {
    const path = join(disk, "runner.db");
    await (await openStore(path)).close();
    // Even root cannot write a file that is a read-only mount of itself.
    for (const command of [
      ["--bind", path, path],
      ["-o", "remount,bind,ro", path],
    ]) {
      expect(Bun.spawnSync(["mount", ...command]).exitCode).toBe(0);
    }
    const error = await rejection(openStore(path));
    Bun.spawnSync(["umount", path]);
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe("STORE_UNAVAILABLE");
    expect(error.message).toContain(path);
    expect(error.message).toContain("cannot be written");
    expect(error.hint).toContain("read-only");
  });
});

test("a damaged database gives an error that says so, not wrong data", async () => {
  await withDatabase(async (path) => {
    const store = await openStore(path);
    await store.commit([setValue("k", "x".repeat(20_000))]);
    await store.close();
    const file = openSync(path, "r+");
    for (let offset = 4096; offset < statSync(path).size; offset += 4096) writeSync(file, "garbage!", offset);
    const error = await rejection(readDamaged(path));
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(String(error)).toContain("the file is damaged");
  });
});

test("a foreign transaction makes commits fail after a while, and they succeed once it has ended", async () => {
  await withDatabase(async (path) => {
    const store = await openStore(path);
    const foreign = new Database(path);
    foreign.run("BEGIN IMMEDIATE");
    const error = await rejection(store.commit([setValue("k")]));
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(String(error)).toContain("another program holds the database");
    foreign.run("ROLLBACK");
    await store.commit([setValue("k")]);
    foreign.close();
    await store.close();
  });
}, 20_000);

test("a batch that fails in the middle is rolled back, and the next one begins afresh", async () => {
  await withDatabase(async (path) => {
    const store = await openStore(path);
    const foreign = new Database(path);
    foreign.run("DROP TABLE stored_values");
    const bundle = { hash: "h", code: "c", sourceMap: "{}" };
    const config = { webhook: {}, params: {} };
    const commits = [store.commit([{ type: "bundle.put", bundle, config }]), store.commit([setValue("k")])];
    expect((await Promise.allSettled(commits)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await store.bundles.find("h")).toBeUndefined();
    await store.commit([{ type: "bundle.put", bundle, config }]);
    expect(await store.bundles.find("h")).toEqual({ ...bundle, config });
    foreign.close();
    await store.close();
  });
});

test("a commit at fault is told apart from a disk at fault: it is not retryable", async () => {
  await withDatabase(async (path) => {
    const store = await openStore(path);
    const error = await rejection(store.commit([impossibleWrite]));
    expect(error).toMatchObject({ code: "RUN_ALREADY_ENDED", class: { retryable: false } });
    await store.close();
  });
});

test("a store that cannot write says so without being asked to, and notices by itself when it can again", async () => {
  await withDatabase(async (path) => {
    const told: (string | null)[] = [];
    const store = await openSqliteStore({
      path,
      createWorker,
      onTrouble: (trouble) => told.push(trouble?.code ?? null),
    });
    await store.commit([setValue("k")]);
    renameSync(path, `${path}.away`);
    expect(() => store.checkWritable()).not.toThrow();
    const error = await rejection(store.commit([setValue("k", 2)]));
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE", hint: expect.stringContaining("put back") as string });
    expect(() => store.checkWritable()).toThrow("was deleted or moved away");
    renameSync(`${path}.away`, path);
    await eventually("recovery", () => told.length === 2);
    expect(() => store.checkWritable()).not.toThrow();
    expect(told).toEqual(["STORE_UNAVAILABLE", null]);
    expect(await store.values.get("deploy", "k")).toBe(1);
    await store.close();
  });
});

test("a commit at fault is no trouble of the store", async () => {
  await withDatabase(async (path) => {
    const store = await openStore(path);
    await rejection(store.commit([impossibleWrite]));
    expect(() => store.checkWritable()).not.toThrow();
    await store.close();
  });
});
