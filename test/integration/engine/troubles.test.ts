// What a store that refuses, a queue that is long and processes that die must not do to the runs that follow.

import { existsSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import type { Store, Write } from "../../../src/store/store.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

/** Refuses a commit: the error it returns is thrown instead. */
let refuse: (writes: readonly Write[]) => AppError | undefined = () => undefined;

/** How often reading a request fails before it succeeds. */
let failingReads = 0;

function refusing(store: Store): Store {
  const inbound: Store["inbound"] = {
    list: async (query) => await store.inbound.list(query),
    refusals: async () => await store.inbound.refusals(),
    find: async (id) => {
      if (failingReads-- > 0) throw full;
      return await store.inbound.find(id);
    },
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === "inbound") return inbound;
      const value: unknown = Reflect.get(target, name);
      if (name !== "commit") return typeof value === "function" ? value.bind(target) : value;
      return async (writes: readonly Write[]) => {
        const error = refuse(writes);
        if (error !== undefined) throw error;
        await target.commit(writes);
      };
    },
  });
}

const sets = (key: string) => (write: Write) => write.type === "value.set" && write.key === key;
const broken = new AppError("INTERNAL", "the store does not like this");
const full = new AppError("STORE_UNAVAILABLE", "the disk is full");

let harness: EngineHarness;
beforeAll(async () => {
  harness = await EngineHarness.open({
    processes: 1,
    maxConcurrentSteps: 1,
    maxConcurrentRuns: 4,
    wrapStore: refusing,
    config: { concurrencyLimit: 1 },
  });
});
afterAll(() => harness.close());
beforeEach(() => {
  refuse = () => undefined;
});

async function receive(pipeline: string, text: string): Promise<unknown> {
  return await harness.receive(pipeline, { body: text });
}

async function expectHealthy(): Promise<void> {
  const run = await harness.run("return (await runtime.run({ name: 'after', command: 'echo fine' })).stdout;");
  expect(run.result).toBe("fine\n");
}

test("a run that the store refuses fails, and the process that waited for its answer serves others again", async () => {
  refuse = (writes) => (writes.some(sets("bad")) ? broken : undefined);
  for (let round = 0; round < 4; round++) {
    const run = await harness.run("void storage.set('bad', 1); return storage.get('bad');");
    expect(run).toMatchObject({ status: "failed", error: { code: "INTERNAL" } });
    expect(run.error?.message).toContain("does not like this");
  }
  await expectHealthy();
});

test("the steps of a run that the store refuses are ended, and their slots are free again", async () => {
  refuse = (writes) => (writes.some(sets("bad")) ? broken : undefined);
  const run = await harness.run(
    "void runtime.run({ name: 'loud', command: 'while :; do echo x; sleep 0.01; done', onOutput: () => {} }); await sleep('100ms'); await storage.set('bad', 1);",
  );
  expect(run.status).toBe("failed");
  expect(run.steps).toMatchObject([{ status: "failed" }]);
  await expectHealthy();
});

test("nothing stays on disk of a run that the store refuses: neither its volumes nor the files of its steps", async () => {
  refuse = (writes) => (writes.some(sets("bad")) ? broken : undefined);
  const run = await harness.run(
    "await volumes.create(); void runtime.run({ command: 'echo up; sleep 30' }); await sleep('300ms'); await storage.set('bad', 1);",
  );
  expect(run.status).toBe("failed");
  const left = (folder: string): string[] =>
    existsSync(harness.path(folder)) ? readdirSync(harness.path(folder)).filter((name) => name.startsWith(run.id)) : [];
  await until(() => left("volumes").length === 0 && left("spool").length === 0);
});

test("a queued run gets the request it was created with", async () => {
  await harness.add(
    "echo",
    "export const pipeline = async () => { await sleep('100ms'); return http.request().body; };",
  );
  await Promise.all(["a", "b", "c"].map(async (body) => await receive("echo", body)));
  const { runs } = await harness.engine.listRuns({ pipeline: "echo", limit: 10 });
  expect(runs.map(({ result }) => JSON.stringify(result)).toSorted()).toEqual(['"a"', '"b"', '"c"']);
});

test("a queued run whose request cannot be read for a while begins when it can be", async () => {
  await harness.add(
    "late",
    "export const pipeline = async () => { await sleep('50ms'); return http.request().body; };",
  );
  failingReads = 2;
  await Promise.all(["a", "b"].map(async (body) => await receive("late", body)));
  const { runs } = await harness.engine.listRuns({ pipeline: "late", limit: 10 });
  await Promise.all(runs.map(async ({ id }) => await harness.end(id)));
  const { runs: ended } = await harness.engine.listRuns({ pipeline: "late", limit: 10 });
  expect(ended.map(({ result }) => JSON.stringify(result)).toSorted()).toEqual(['"a"', '"b"']);
  expect(failingReads).toBeLessThan(0);
});

test("a webhook whose run begins at once is answered while nothing can be read", async () => {
  await harness.add("echo", "export const pipeline = () => http.respond({ status: 200, body: http.request().body });");
  failingReads = Number.POSITIVE_INFINITY;
  try {
    expect(await receive("echo", "at hand")).toMatchObject({ type: "response", body: "at hand" });
  } finally {
    failingReads = 0;
  }
});

test("a run that the store refuses while it cannot take its end either ends when it can", async () => {
  let refusedEnds = 0;
  refuse = (writes) => {
    if (writes.some(sets("bad"))) return broken;
    const isEnd = writes.some((write) => write.type === "run.finish");
    return isEnd && refusedEnds++ < 2 ? full : undefined;
  };
  expect(await harness.run("await storage.set('bad', 1);")).toMatchObject({
    status: "failed",
    error: { code: "INTERNAL" },
  });
  expect(refusedEnds).toBe(3);
});

test("a queued run that could not be cancelled can be cancelled later, and never begins", async () => {
  await harness.add("slow", "export const pipeline = async () => { await sleep('600ms'); return 'done'; };");
  const trigger = async (): Promise<string> => (await harness.engine.trigger("slow", { params: {}, args: [] })).runId;
  const [first, second] = [await trigger(), await trigger()];
  refuse = (writes) => (writes.some((write) => write.type === "run.finish") ? full : undefined);
  expect(await harness.engine.cancel(second).catch((thrown: AppError) => thrown.code)).toBe("STORE_UNAVAILABLE");
  refuse = () => undefined;
  expect((await harness.engine.cancel(second)).status).toBe("cancelled");
  expect((await harness.end(first)).status).toBe("succeeded");
  expect((await harness.end(second)).startedAt).toBeNull();
});

test("nothing is kept of sandbox processes that have died", async () => {
  const descriptors = (): number => readdirSync("/proc/self/fd").length;
  await expectHealthy();
  await until(() => harness.pool.pids.length === 2);
  const before = descriptors();
  for (let round = 0; round < 8; round++) {
    const dying = [...harness.pool.pids];
    harness.killSandboxes();
    await until(() => harness.pool.pids.length === 2 && !harness.pool.pids.some((pid) => dying.includes(pid)));
    await expectHealthy();
  }
  await until(() => descriptors() <= before + 4);
}, 30_000);

test("nothing is kept of runs that have ended", async () => {
  const body = new TextEncoder().encode("x".repeat(500_000));
  await harness.add("large", "export const pipeline = () => http.respond({ body: 'ok' });");
  const load = async (count: number): Promise<number> => {
    for (let index = 0; index < count; index++) {
      await harness.receive("large", { body });
    }
    Bun.gc(true);
    return process.memoryUsage().rss;
  };
  await load(100);
  const before = await load(50);
  const after = await load(300);
  // Kept bodies would be 300 times half a megabyte, and each is held as bytes and as text.
  expect(after - before).toBeLessThan(100 * 1024 * 1024);
}, 60_000);
