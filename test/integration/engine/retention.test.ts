// Ended runs that are too old or too many go away in small steps, and nothing else does, whatever the clock says.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RetentionConfig } from "../../../src/core/pipeline-config.ts";
import { Retention, type RetentionOptions } from "../../../src/engine/retention.ts";
import type { Caches } from "../../../src/files/caches.ts";
import { RequestWriter } from "../../../src/engine/request-writer.ts";
import type { Pipeline } from "../../../src/pipelines/pipelines.ts";
import type { Store, Write } from "../../../src/store/store.ts";
import { createLogger } from "../../../src/telemetry/telemetry.ts";
import { newRun, putBundle } from "../../conformance/store/subject.ts";
import { PassClock } from "../../fixtures/harness/pass-clock.ts";
import { makeRecord } from "../../fixtures/records/make-record.ts";
import { makeFolder, openStore, removeFolder } from "../../unit/store/store-files.ts";

const dayMs = 24 * 60 * 60 * 1000;
const today = Date.UTC(2026, 10, 21);

let folder: string;
let store: Store;
let clock: PassClock;
let retention: Retention | null = null;
let logged: string[];
let removedFiles: string[];
let cachesBefore: number[];
let commits: (readonly Write[])[];

beforeEach(async () => {
  folder = makeFolder();
  store = await openStore(join(folder, "runner.db"));
  await store.commit([putBundle("bundle-1")]);
  clock = new PassClock(today);
  [logged, removedFiles, cachesBefore, commits] = [[], [], [], []];
});
afterEach(async () => {
  await retention?.stop();
  retention = null;
  await store.close();
  removeFolder(folder);
});

function begin(limits: Partial<RetentionOptions>): void {
  const write = (line: string): void => void logged.push(line);
  const logger = createLogger({ format: "json", level: "debug", colour: false, write, now: Date.now });
  const artifacts = { removeRun: async (id: string) => void removedFiles.push(id) };
  const removeUnused = async (before: number): ReturnType<Caches["removeUnused"]> => {
    cachesBefore.push(before);
    return { removed: 0, problem: null };
  };
  const counting = {
    ...store,
    commit: async (writes: readonly Write[]) => {
      commits.push(writes);
      await store.commit(writes);
    },
  };
  const parts = {
    store: counting,
    files: { artifacts, caches: { removeUnused } },
    clock,
    logger,
  };
  retention = new Retention({
    parts,
    requests: new RequestWriter(parts),
    maxAgeMs: 90 * dayMs,
    maxRuns: 100_000,
    maxEvents: 100_000,
    ...limits,
  });
  retention.start();
}

/** Runs that ended so many days ago, in this order; their ids. */
async function endedRuns(daysAgo: readonly number[]): Promise<string[]> {
  const ids = daysAgo.map((days, index) => `run-${String(index).padStart(5, "0")}-${days}`);
  await store.commit(
    ids.flatMap((id, index): Write[] => {
      const at = today - (daysAgo[index] ?? 0) * dayMs;
      return [
        { type: "run.create", run: newRun({ id, createdAt: at }) },
        { type: "run.finish", id, status: "succeeded", result: null, error: null, at },
      ];
    }),
  );
  return ids;
}

async function kept(): Promise<readonly string[]> {
  return (await store.runs.list({ limit: 500 })).runs.map(({ id }) => id).toReversed();
}

const everyDay = Array.from({ length: 121 }, (_, index) => 120 - index);

describe("by age", () => {
  test("runs that ended longer ago than that go, the others and the unfinished stay", async () => {
    const ids = await endedRuns(everyDay);
    await store.commit([{ type: "run.create", run: newRun({ id: "a-waiting", createdAt: 1 }) }]);
    begin({});
    await clock.runPass();
    expect(await kept()).toEqual(["a-waiting", ...ids.slice(30)]);
    expect(logged.join("\n")).toContain('"message":"old runs were removed","runs":30');
  });

  const keeping = (retention: RetentionConfig): Partial<RetentionOptions> => {
    const version = { config: { webhook: {}, params: {}, retention } } as Pipeline["version"];
    return { catalog: { list: () => [{ id: newRun({ id: "x" }).pipeline, version } as Pipeline] } };
  };

  test.each<[RetentionConfig, (ids: readonly string[]) => readonly string[]]>([
    [{ runs: 7 }, (ids) => ids.slice(-7)],
    [{ days: 20 }, (ids) => ids.filter((id) => Number(id.split("-")[2]) <= 20)],
    [{ runs: 50, days: 20 }, (ids) => ids.filter((id) => Number(id.split("-")[2]) <= 20)],
    [{ runs: 5, minSucceeded: 9 }, (ids) => ids.slice(-9)],
    [{ minSucceeded: 1 }, (ids) => ids.slice(30)],
  ])("a pipeline that says %j keeps no more than that", async (retention, staying) => {
    const ids = await endedRuns(everyDay);
    begin(keeping(retention));
    await clock.runPass();
    expect(await kept()).toEqual(staying(ids));
  });

  test("what one pipeline says is no matter for the runs of others", async () => {
    const ids = await endedRuns(everyDay);
    const { catalog } = keeping({ runs: 1 });
    begin({ catalog: { list: () => (catalog?.list() ?? []).map((each) => ({ ...each, id: "other" })) } });
    await clock.runPass();
    expect(await kept()).toEqual(ids.slice(30));
  });

  test("nothing is removed before the first pass, nor twice", async () => {
    const ids = await endedRuns(everyDay);
    begin({});
    await Bun.sleep(20);
    expect(await kept()).toEqual(ids);
    await clock.runPass();
    const done = commits.length;
    await clock.runPass();
    expect(commits.length).toBe(done);
    expect(cachesBefore).toEqual([today - 30 * dayMs]);
  });

  test("refused requests of that age go too", async () => {
    await endedRuns(everyDay);
    const refused = (id: string, receivedAt: number): Write => ({
      type: "inbound.put",
      record: makeRecord(id, { receivedAt }),
    });
    const old = Array.from({ length: 250 }, (_, index) => refused(`old-${index}`, today - 91 * dayMs));
    await store.commit([...old, refused("recent", today - 89 * dayMs)]);
    begin({});
    await clock.runPass();
    expect((await store.inbound.refusals()).map(({ id }) => id)).toEqual(["recent"]);
  });
});

describe("deliveries that a repetition would be known by", () => {
  const key = (index: number): Uint8Array => new Uint8Array(32).fill(index);
  const claim = (index: number, at: number): Write => {
    const others = { pipeline: "p", body: null, knownSince: 0, insteadOf: null };
    return { type: "delivery.claim", key: key(index), runId: nameOf(index), at, ...others };
  };
  const keptDeliveries = async (indexes: readonly number[]): Promise<readonly number[]> => {
    const found = await Promise.all(indexes.map(async (index) => await store.deliveries.find("p", key(index))));
    return indexes.filter((_, place) => found[place] !== undefined);
  };
  const all = Array.from({ length: 250 }, (_, index) => index);
  const nameOf = (index: number): string => `run-${String(index).padStart(3, "0")}`;
  const claims = async (): Promise<void> => {
    await store.commit(all.map((index) => ({ type: "run.create", run: newRun({ id: nameOf(index) }) }) as const));
    await store.commit(all.map((index) => claim(index, today - (index < 240 ? 8 : 6) * dayMs)));
  };

  test("are forgotten after seven days, however long runs are kept", async () => {
    await endedRuns(everyDay);
    await claims();
    begin({});
    await clock.runPass();
    expect(await keptDeliveries(all)).toEqual(all.slice(240));
  });

  test("are not forgotten while the clock is in doubt", async () => {
    await endedRuns(everyDay.filter((days) => days < 60));
    await claims();
    begin({});
    clock.nowMs += 3650 * dayMs;
    await clock.runPass();
    expect(await keptDeliveries(all)).toEqual(all);
  });
});

describe("a clock that was set far ahead", () => {
  test("removes nothing for a day, says so once, and is forgiven when it is set right", async () => {
    const ids = await endedRuns(everyDay.filter((days) => days < 60));
    begin({});
    clock.nowMs += 3650 * dayMs;
    await clock.runPass();
    await clock.runPass();
    expect(await kept()).toEqual(ids);
    const warnings = logged.filter((line) => line.includes('"level":"warn"'));
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toContain("if the clock is wrong, set it now");
    clock.nowMs -= 3650 * dayMs;
    clock.pass(2 * dayMs);
    await clock.runPass();
    expect(await kept()).toEqual(ids);
  });

  test("while the server runs is noticed however many runs ended just where the line would be drawn", async () => {
    const ids = await endedRuns(everyDay.filter((days) => days < 89));
    begin({});
    clock.nowMs += 30 * dayMs;
    await clock.runPass();
    expect(await kept()).toEqual(ids);
    expect(cachesBefore).toEqual([]);
    expect(logged.filter((line) => line.includes("the clock was set ahead"))).toHaveLength(1);
    clock.pass(dayMs);
    await clock.runPass();
    expect((await kept()).length).toBeLessThan(ids.length - 25);
  });

  test("removes nothing either when runs have ended under it, or the server was started again", async () => {
    const ids = await endedRuns([...everyDay.filter((days) => days < 60), -3650, -3650]);
    clock.nowMs += 3650 * dayMs;
    begin({});
    await clock.runPass();
    expect(await kept()).toEqual(ids);
    await retention?.stop();
    begin({});
    await clock.runPass();
    expect(await kept()).toEqual(ids);
  });

  test("is believed after a day: so runs of long ago go from a server that was off for long", async () => {
    await endedRuns(everyDay.filter((days) => days < 60));
    begin({});
    clock.nowMs += 365 * dayMs;
    await clock.runPass();
    clock.pass(dayMs - 1000);
    await clock.runPass();
    expect((await kept()).length).toBe(60);
    clock.pass(2000);
    await clock.runPass();
    expect(await kept()).toEqual([]);
  });

  test("does not keep runs that are too many", async () => {
    const ids = await endedRuns(everyDay.filter((days) => days < 60));
    clock.nowMs += 3650 * dayMs;
    begin({ maxRuns: 7 });
    await clock.runPass();
    expect(await kept()).toEqual(ids.slice(-7));
  });

  test("with a short retention is believed as soon as that has gone by", async () => {
    await endedRuns([3, 2, 1]);
    begin({ maxAgeMs: 60_000 });
    await clock.runPass();
    expect((await kept()).length).toBe(3);
    clock.pass(60_000);
    await clock.runPass();
    expect(await kept()).toEqual([]);
  });
});

test("a clock that was set back removes nothing", async () => {
  const ids = await endedRuns(everyDay);
  clock.nowMs -= 3650 * dayMs;
  begin({});
  await clock.runPass();
  expect(await kept()).toEqual(ids);
});

describe("by number", () => {
  test("the newest stay, also of those that ended in the same millisecond", async () => {
    const ids = await endedRuns(Array.from({ length: 180 }, (_, index) => (index < 60 ? 2 : 1)));
    begin({ maxRuns: 100 });
    await clock.runPass();
    expect(await kept()).toEqual(ids.slice(-100));
  });

  test("nothing goes while there are no more than that", async () => {
    const ids = await endedRuns([3, 2, 1]);
    begin({ maxRuns: 3 });
    await clock.runPass();
    expect(await kept()).toEqual(ids);
  });

  test("unfinished runs neither count nor go", async () => {
    for (const id of ["u1", "u2", "u3"]) await store.commit([{ type: "run.create", run: newRun({ id }) }]);
    const ids = await endedRuns([3, 2, 1]);
    begin({ maxRuns: 2 });
    await clock.runPass();
    expect(await kept()).toEqual([...ids.slice(1), "u1", "u2", "u3"]);
  });
});

describe("in small steps", () => {
  test("no transaction removes more than fifty runs", async () => {
    await endedRuns(Array.from({ length: 400 }, () => 1));
    begin({ maxRuns: 10 });
    await clock.runPass();
    expect((await kept()).length).toBe(10);
    expect(commits.length).toBe(8);
    expect(Math.max(...commits.map((writes) => writes.length))).toBe(50);
  });

  test("a run with a large log goes piece by piece, last of all its row", async () => {
    const [large = "", small = ""] = await endedRuns([2, 1]);
    for (let first = 1; first <= 2000; first += 500) {
      const lines = Array.from({ length: 500 }, (_, index): Write => {
        return {
          type: "log.line",
          runId: large,
          seq: first + index,
          at: 1,
          source: "console",
          level: "info",
          text: "x",
        };
      });
      await store.commit(lines);
    }
    begin({ maxRuns: 1 });
    await clock.runPass();
    expect(await kept()).toEqual([small]);
    const kinds = commits.map((writes) => writes[0]?.type);
    expect(kinds.slice(0, 15)).toEqual(Array.from({ length: 15 }, () => "run.trim_log"));
    expect(kinds.at(-1)).toBe("run.remove");
  });

  test("a stop in the middle of a pass leaves whole runs", async () => {
    await endedRuns(Array.from({ length: 450 }, () => 1));
    begin({ maxRuns: 10 });
    const pass = clock.runPass();
    while (commits.length < 3) await Bun.sleep(1);
    await retention?.stop();
    const left = (await kept()).length;
    expect(left).toBeGreaterThan(10);
    await Promise.race([pass, Bun.sleep(50)]);
    expect((await kept()).length).toBe(left);
  });
});

test("artifact files go after the rows of their run, only where it had some", async () => {
  const [with_ = "", without = ""] = await endedRuns([3, 2, 1]);
  await store.commit([
    { type: "artifact.put", runId: with_, artifact: { name: "a", number: 1, bytes: 1, createdAt: 1 } },
  ]);
  begin({ maxRuns: 1 });
  await clock.runPass();
  expect(await store.runs.find(without)).toBeUndefined();
  expect(removedFiles).toEqual([with_]);
});

test("what 20,000 runs took on disk is given back", async () => {
  const text = "x".repeat(600);
  for (let batch = 0; batch < 40; batch++) {
    const writes = Array.from({ length: 500 }, (_, index): Write[] => {
      const id = `run-${String(batch * 500 + index).padStart(6, "0")}`;
      const at = today - dayMs + batch * 500 + index;
      return [
        { type: "run.create", run: newRun({ id, createdAt: at }) },
        { type: "log.line", runId: id, seq: 1, at, source: "console", level: "info", text },
        { type: "run.finish", id, status: "succeeded", result: text, error: null, at },
      ];
    });
    await store.commit(writes.flat());
  }
  const before = await store.upkeep.freeSpace();
  begin({ maxRuns: 500, maxEvents: 500 });
  await clock.runPass();
  expect((await kept()).length).toBe(500);
  const after = await store.upkeep.freeSpace();
  expect(after.bytes).toBeLessThanOrEqual(Math.max(4 * 1024 * 1024, after.fileBytes / 10));
  expect(after.fileBytes).toBeLessThan(before.fileBytes / 4);
  await retention?.stop();
  await store.close();
  expect(statSync(join(folder, "runner.db")).size).toBe(after.fileBytes);
  store = await openStore(join(folder, "runner.db"));
}, 60_000);

test("a store that cannot write ends the pass, and the next one goes on", async () => {
  await endedRuns(Array.from({ length: 120 }, () => 1));
  begin({ maxRuns: 1 });
  // An unrelated folder in place of the log: SQLite's own files are as they were afterwards.
  const wal = join(folder, "runner.db-wal");
  expect(existsSync(wal)).toBe(true);
  const { renameSync } = await import("node:fs");
  renameSync(wal, `${wal}.moved`);
  mkdirSync(join(folder, "other"));
  writeFileSync(wal, "");
  await clock.runPass();
  expect((await kept()).length).toBe(120);
  renameSync(`${wal}.moved`, wal);
  await clock.runPass();
  expect((await kept()).length).toBe(1);
});
