// Runs with the same key share a limit, over pipelines and restarts; those of a higher priority begin earlier.

import { afterEach, describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { EngineHarness, runIdOf, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

async function trigger(pipeline: string, params: Record<string, unknown> = {}): Promise<string> {
  return (await harness.engine.trigger(pipeline, { params, args: [] })).runId;
}

async function hook(pipeline: string, payload: unknown): Promise<string> {
  return runIdOf(await harness.receive(pipeline, { body: JSON.stringify(payload) }));
}

async function statusesOf(ids: readonly string[]): Promise<readonly string[]> {
  return await Promise.all(ids.map(async (id) => (await harness.engine.getRun(id)).status));
}

const untilDone = (name: string): string =>
  `export const pipeline = async () => { http.respond({}); await runtime.run({ name: "w", command: "while [ ! -e ${harness.path(name)} ]; do sleep 0.02; done" }); };`;

describe("a key", () => {
  test("made of the webhook lets runs of other values pass, and holds over pipelines", async () => {
    harness = await EngineHarness.open();
    const concurrency = { concurrencyLimit: 1, concurrencyKey: "deploy-${payload.ref}" };
    await harness.add("web", untilDone("go"), concurrency);
    await harness.add("api", untilDone("go"), concurrency);
    const first = await hook("web", { ref: "main" });
    await until(async () => (await statusesOf([first]))[0] === "running");
    // Its caller waits for a script that does not begin.
    const waiting = hook("api", { ref: "main" });
    const other = await hook("api", { ref: "dev" });
    await until(async () => (await harness.engine.listRuns({ limit: 9 })).runs.length === 3);
    const { runs } = await harness.engine.listRuns({ limit: 9, status: "queued" });
    expect(runs.map(({ pipeline }) => pipeline)).toEqual(["api"]);
    expect((await statusesOf([first, other])).every((status) => status === "running")).toBe(true);
    await harness.write("go", "");
    expect((await harness.end(await waiting)).status).toBe("succeeded");
  });

  test("is kept by a run that waits outside memory, over a restart too", async () => {
    harness = await EngineHarness.open();
    const concurrency = { concurrencyLimit: 1, concurrencyKey: "k" };
    await harness.add("sleeper", "export const pipeline = async () => { await sleep('1h'); };", concurrency);
    await harness.add("other", "export const pipeline = () => 'ran';", concurrency);
    const sleeper = await trigger("sleeper");
    await until(async () => (await statusesOf([sleeper]))[0] === "waiting");
    const before = await trigger("other");
    expect((await harness.run("return 0;")).status).toBe("succeeded");
    expect(await statusesOf([sleeper, before])).toEqual(["waiting", "queued"]);
    harness = await harness.restart();
    const after = await trigger("other");
    expect((await harness.run("return 1;")).status).toBe("succeeded");
    expect(await statusesOf([sleeper, before, after])).toEqual(["waiting", "queued", "queued"]);
    await harness.engine.cancel(sleeper);
    const [first, second] = [await harness.end(before), await harness.end(after)];
    expect([first.result, second.result]).toEqual(["ran", "ran"]);
    expect(first.finishedAt ?? 0).toBeLessThanOrEqual(second.startedAt ?? 0);
  });

  test("is held by a run that an earlier life began, before those that were queued", async () => {
    harness = await EngineHarness.open();
    await harness.add("slow", untilDone("go"), { concurrencyLimit: 1 });
    const ids = [await trigger("slow"), await trigger("slow")];
    await until(async () => (await harness.engine.getRun(ids[0] ?? "")).steps[0]?.status === "running");
    harness = await harness.restart();
    await Bun.sleep(200);
    expect(await statusesOf(ids)).toEqual(["running", "queued"]);
    await harness.write("go", "");
    const [first, second] = await Promise.all(ids.map(async (id) => await harness.end(id)));
    expect(first?.finishedAt ?? 0).toBeLessThanOrEqual(second?.startedAt ?? 0);
  });
});

test("of the runs that wait for a slot those of a higher priority begin earlier, over a restart too", async () => {
  harness = await EngineHarness.open({ maxConcurrentRuns: 1 });
  await harness.add("blocker", untilDone("go"));
  const note = (name: string): string =>
    `export const pipeline = async () => { await runtime.run({ name: "n", command: "echo ${name} >> ${harness.path("order")}" }); };`;
  for (const [id, priority] of [
    ["low", -5],
    ["plain", 0],
    ["high", 5],
  ] as const)
    await harness.add(id, note(id), { priority });
  const blocker = await trigger("blocker");
  await until(async () => (await harness.engine.getRun(blocker)).steps[0]?.status === "running");
  const ids = [];
  for (const id of ["low", "plain", "high", "plain"]) ids.push(await trigger(id));
  harness = await harness.restart();
  ids.push(await trigger("high"));
  await harness.write("go", "");
  for (const id of ids) expect((await harness.end(id)).status).toBe("succeeded");
  expect(await harness.lines("order")).toEqual(["high", "high", "plain", "plain", "low"]);
});

describe("a full queue", () => {
  const codeOf = async (attempt: Promise<unknown>): Promise<string> =>
    await attempt.then(
      () => "taken",
      (thrown: unknown) => (thrown instanceof AppError ? thrown.code : String(thrown)),
    );

  test("refuses webhooks and triggers that would have to wait, and nothing of them is left", async () => {
    harness = await EngineHarness.open({ maxQueuedRuns: 2 });
    await harness.add("slow", untilDone("go"), { concurrencyLimit: 1 });
    await harness.add("quick", "export const pipeline = () => 'quick';");
    const ids = [await trigger("slow"), await trigger("slow"), await trigger("slow")];
    expect(await codeOf(trigger("slow"))).toBe("QUEUE_FULL");
    expect(await codeOf(hook("slow", {}))).toBe("QUEUE_FULL");
    // What can begin at once does not wait.
    expect((await harness.end(await trigger("quick"))).result).toBe("quick");
    expect((await harness.engine.listRuns({ limit: 9 })).runs).toHaveLength(4);
    await harness.write("go", "");
    for (const id of ids) expect((await harness.end(id)).status).toBe("succeeded");
    expect(await codeOf(trigger("slow"))).toBe("taken");
  });

  test("of an earlier life is taken over whole", async () => {
    harness = await EngineHarness.open({ maxQueuedRuns: 5 });
    await harness.add("slow", untilDone("go"), { concurrencyLimit: 1 });
    const ids = [];
    for (let index = 0; index < 6; index++) ids.push(await trigger("slow"));
    harness = await harness.restart({ maxQueuedRuns: 2 });
    expect(await codeOf(trigger("slow"))).toBe("QUEUE_FULL");
    await harness.write("go", "");
    for (const id of ids) expect((await harness.end(id)).status).toBe("succeeded");
  });
});
