// Each event that runs, steps and approvals make, through the engine itself: what happens is told, and nothing else.

import { afterEach, expect, test } from "bun:test";
import type { EventRecord } from "../../../src/core/event.ts";
import type { Run } from "../../../src/core/run.ts";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness } from "../../fixtures/harness/engine-harness.ts";
import { untilOpen } from "../../fixtures/harness/news.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

async function eventsOf({ id }: Pick<Run, "id">): Promise<readonly EventRecord[]> {
  return (await harness.store.events.list({ runId: id, limit: 100 })).events.toReversed();
}

async function typesOf(run: Pick<Run, "id">): Promise<readonly string[]> {
  return (await eventsOf(run)).map(({ type }) => type);
}

test("a run that succeeds tells its beginning, its steps and its end, with places from 1", async () => {
  harness = await EngineHarness.open();
  const run = await harness.run(`await runtime.run({ name: "build", command: "true" });`);
  const events = await eventsOf(run);
  expect(events.map(({ type, sequence }) => [sequence, type])).toEqual([
    [1, "run.created"],
    [2, "run.started"],
    [3, "run.step.started"],
    [4, "run.step.completed"],
    [5, "run.completed"],
  ]);
  expect(events[3]?.data).toMatchObject({ name: "build", kind: "process", status: "succeeded", code: 0, attempts: 1 });
  expect(events[4]?.data).toMatchObject({ status: "succeeded", error: null });
});

test("an attempt that fails is an error, a later one that succeeds has recovered it", async () => {
  harness = await EngineHarness.open();
  const mark = harness.path("mark");
  const run = await harness.run(
    `await runtime.run({ name: "flaky", command: "test -e ${mark} || { touch ${mark}; exit 3; }", retry: { attempts: 2, initial: 1 } });`,
  );
  const events = (await eventsOf(run)).slice(2);
  expect(events.map(({ type }) => type)).toEqual([
    "run.step.started",
    "error.occurred",
    "run.step.completed",
    "error.recovered",
    "run.completed",
  ]);
  expect(events[1]?.data).toMatchObject({ name: "flaky", code: 3, attempts: 1 });
  expect(events[3]?.data).toMatchObject({ name: "flaky", attempts: 2 });
});

test("a run that fails for good is an error for a person, which a rerun that succeeds resolves", async () => {
  harness = await EngineHarness.open();
  const mark = harness.path("mark");
  const failed = await harness.run(
    `const { code } = await runtime.run({ name: "once", command: "test -e ${mark} || { touch ${mark}; exit 3; }" });
     if (code !== 0) throw new Error("no luck");`,
  );
  const events = await eventsOf(failed);
  expect(events.slice(2).map(({ type }) => type)).toEqual([
    "run.step.started",
    "error.occurred",
    "run.step.failed",
    "run.failed",
    "error.escalated",
  ]);
  expect(events.at(-2)?.data).toMatchObject({ status: "failed", error: { code: "SCRIPT_ERROR", message: "no luck" } });
  const { runId } = await harness.engine.rerun(failed.id, {});
  await harness.end(runId);
  const last = (await eventsOf({ id: runId })).at(-1);
  expect(last).toMatchObject({ type: "error.resolved", data: { failed_run_id: failed.id, rerun_of: failed.id } });
});

test.each([
  ["approval.granted", true],
  ["approval.denied", false],
] as const)("a decision is told as %s, between the pause and the resumption of its run", async (type, approved) => {
  harness = await EngineHarness.open();
  const id = await harness.start(`await approval({ name: "go", message: "Deploy?", timeout: "4h" });`);
  await untilOpen(harness, id);
  while ((await harness.engine.getRun(id)).status !== "waiting") await Bun.sleep(5);
  await harness.engine.decide(id, "go", { approved, by: "ada", comment: "fine" });
  await harness.end(id);
  const events = await eventsOf({ id });
  const types = events.map((event) => event.type);
  expect(types.slice(2, 5)).toEqual(["run.step.started", "approval.required", "run.paused"]);
  expect(types.slice(5).toSorted()).toEqual(
    [approved ? "run.step.completed" : "run.step.failed", type, "run.resumed", "run.completed"].toSorted(),
  );
  const required = events.find((event) => event.type === "approval.required");
  expect(required?.data).toMatchObject({
    name: "go",
    message: "Deploy?",
    expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown as string,
  });
  // Whoever has the link may decide: it is in no event.
  expect(JSON.stringify(events)).not.toContain("/approve/");
  expect(events.find((event) => event.type === "run.paused")?.data).toMatchObject({
    waits_for: [{ name: "go", kind: "approval" }],
  });
  expect(events.find((event) => event.type === type)?.data["message"]).toContain("ada");
});

test("an approval that nobody decides has timed out", async () => {
  const clock = new AheadClock();
  harness = await EngineHarness.open({ clock });
  const id = await harness.start(`return await approval({ name: "go", timeout: "4h" });`);
  await untilOpen(harness, id);
  clock.advance(4 * 60 * 60 * 1000 + 1000);
  harness = await harness.restart({ clock });
  await harness.end(id);
  expect(await typesOf({ id })).toContain("approval.timeout");
});

test("runs that are cancelled, skipped or over their time tell that", async () => {
  harness = await EngineHarness.open();
  await harness.add("one", "export const pipeline = async () => { await sleep('1h'); };", {
    concurrencyLimit: 1,
    onConflict: "skip",
  });
  const first = await harness.engine.trigger("one", { params: {}, args: [] });
  const second = await harness.engine.trigger("one", { params: {}, args: [] });
  await harness.end(second.runId);
  expect(await typesOf({ id: second.runId })).toEqual(["run.created", "run.skipped"]);
  await harness.engine.cancel(first.runId);
  await harness.end(first.runId);
  expect((await typesOf({ id: first.runId })).at(-1)).toBe("run.cancelled");
  await harness.add("late", "export const pipeline = async () => { await sleep('1h'); };", { timeoutMs: 50 });
  const { runId } = await harness.engine.trigger("late", { params: {}, args: [] });
  await harness.end(runId);
  const events = await eventsOf({ id: runId });
  expect(events.slice(-2)).toMatchObject([
    { type: "run.failed", data: { status: "timed_out", error: { code: "RUN_TIMEOUT" } } },
    { type: "error.escalated" },
  ]);
});
