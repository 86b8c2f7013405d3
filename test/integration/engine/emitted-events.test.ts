// What a script announces is an event in the commit of its call: once over restarts, masked, and never without its call.

import { afterEach, expect, test } from "bun:test";
import type { EventRecord } from "../../../src/core/event.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

async function eventsOf(runId: string, type: string): Promise<readonly EventRecord[]> {
  return (await harness.store.events.list({ runId, type, limit: 100 })).events.toReversed();
}

test("an emitted event is of its run, and its id is what the script is given", async () => {
  harness = await EngineHarness.open();
  const run = await harness.run(`return await events.emit("deploy.done", { host: "nas" });`);
  const [event] = await eventsOf(run.id, "deploy.");
  expect(event).toMatchObject({
    id: (run.result as { id: string }).id,
    type: "deploy.done",
    runId: run.id,
    pipeline: run.pipeline,
    target: null,
    data: { host: "nas" },
  });
  expect(event?.sequence).toBeGreaterThan(1);
});

test("an event that was emitted before a restart is not emitted again, and what comes after it is", async () => {
  harness = await EngineHarness.open();
  const id = await harness.start(
    `const first = await events.emit("a.first");
     await signal.wait("go");
     return [first.id, (await events.emit("a.second")).id];`,
  );
  await until(async () => (await harness.engine.getRun(id)).status === "waiting");
  harness = await harness.restart();
  await harness.engine.signal(id, "go", null);
  const { result } = await harness.end(id);
  expect((await eventsOf(id, "a.")).map((event) => event.id)).toEqual(result as string[]);
  expect((await eventsOf(id, "a.")).map(({ type }) => type)).toEqual(["a.first", "a.second"]);
});

test("events of a script that a killed sandbox process executed are emitted once", async () => {
  harness = await EngineHarness.open();
  const id = await harness.start(
    `for (let n = 0; n < 20; n++) { await events.emit("a.counted", { n }); await sleep(10); }`,
  );
  await until(async () => (await eventsOf(id, "a.counted")).length > 5);
  harness.killSandboxes();
  expect((await harness.end(id)).status).toBe("succeeded");
  expect((await eventsOf(id, "a.counted")).map(({ data }) => data["n"])).toEqual(
    Array.from({ length: 20 }, (_, n) => n),
  );
});

test("an event whose commit fails is not there, and neither is its call", async () => {
  harness = await EngineHarness.open({
    wrapStore: (store) => ({
      ...store,
      commit: async (writes) => {
        const given = writes.some(({ type }) => type === "event.put") ? [...writes, impossible] : writes;
        await store.commit(given);
      },
    }),
  });
  const run = await harness.run(`await events.emit("a.b");`);
  expect(run.status).toBe("failed");
  expect(await eventsOf(run.id, "a.b")).toEqual([]);
});

const impossible = { type: "run.start", id: "no such run", at: 1 } as const;

test("a secret in an event is masked", async () => {
  harness = await EngineHarness.open({ environment: { TOKEN: "very-secret-value" } });
  const run = await harness.run(
    `await crypto.hmac("sha256", { secret: "env:TOKEN" }, "x");
     await events.emit("a.b", { header: "Bearer very-secret-value", "very-secret-value": 1 });`,
  );
  const [event] = await eventsOf(run.id, "a.b");
  expect(JSON.stringify(event)).toContain("Bearer ***");
  expect(JSON.stringify(event)).not.toContain("very-secret-value");
});
