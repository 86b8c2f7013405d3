// What was acknowledged is there after the process was killed, and a slow disk holds up no one but who waits for it.

import { statSync } from "node:fs";
import { expect, test } from "bun:test";
import { slowFsyncEnvironment } from "../../fixtures/slow-fsync/build.ts";
import { preloadUnavailable } from "../../fixtures/preload-library.ts";
import { firstOutput, readAll, startProgram } from "./start-program.ts";
import { openStore, rejection, setValue, withDatabase } from "./store-files.ts";

test("every commit that was acknowledged before a SIGKILL is there, whole, after reopening", async () => {
  await withDatabase(async (path) => {
    const acknowledged: string[] = [];
    for (const waitMs of [0, 7, 23, 61, 150]) {
      const program = startProgram("commit-until-killed", path);
      const first = await firstOutput(program);
      const rest = readAll(program);
      await Bun.sleep(waitMs);
      program.kill("SIGKILL");
      await program.exited;
      const lines = `${first}${await rest}`.split("\n");
      // What follows the last newline was cut off by the kill.
      acknowledged.push(...lines.slice(0, -1));
    }
    expect(acknowledged.length).toBeGreaterThan(5);
    const store = await openStore(path);
    for (const key of acknowledged) {
      expect(await store.values.get("deploy", `${key}-a`)).toBe(key);
      expect(await store.values.get("deploy", `${key}-b`)).toBe(key);
    }
    const keys = await store.values.keys("deploy", "");
    const halves = Map.groupBy(keys, (key) => key.slice(0, -2));
    expect([...halves.values()].filter((half) => half.length !== 2)).toEqual([]);
    await store.close();
  });
});

test("the write-ahead log stays small while runs are read between the commits", async () => {
  await withDatabase(async (path) => {
    const store = await openStore(path);
    let largestBytes = 0;
    for (let round = 0; round < 40; round++) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) => store.commit([setValue(`k${round}-${index}`, "x".repeat(10_000))])),
      );
      await store.values.get("deploy", "k0-0");
      await store.values.keys("deploy", "");
      await store.runs.find("nope");
      await store.runs.list({ limit: 1 });
      largestBytes = Math.max(largestBytes, statSync(`${path}-wal`).size);
    }
    // A reader that held on to its moment would keep all 40 MB of it.
    expect(largestBytes).toBeLessThan(20_000_000);
    await store.close();
  });
});

test("a value that cannot be stored rejects its commit with an error of ours", async () => {
  await withDatabase(async (path) => {
    const store = await openStore(path);
    const circular: Record<string, never> = {};
    Object.assign(circular, { circular });
    for (const value of [circular, undefined as never]) {
      const commit = store.commit([{ type: "value.set", pipeline: "p", key: "k", value }]);
      expect(await rejection(commit)).toMatchObject({ name: "AppError", code: "INTERNAL" });
    }
    await store.close();
  });
});

test.skipIf(preloadUnavailable !== null && !process.env["CI"])(
  `an fsync of 200 ms does not hold up the thread that commits${preloadUnavailable === null ? "" : `: ${preloadUnavailable}`}`,
  async () => {
    await withDatabase(async (path) => {
      const program = startProgram("measure-lag", path, slowFsyncEnvironment(200));
      const { commits = 0, holdUps } = JSON.parse(await readAll(program)) as Record<string, number>;
      // More commits than this in two seconds would mean that fsync was not slow at all.
      expect(commits).toBeWithin(3, 11);
      // A busy machine may hold it up as well, now and then.
      expect(holdUps).toBeLessThan(commits / 2);
    });
  },
  60_000,
);
