// Schedules begin real runs at their times, over restarts and pauses.

import { afterEach, describe, expect, test } from "bun:test";
import type { ScheduleConfig } from "../../../src/core/pipeline-config.ts";
import type { Run } from "../../../src/core/run.ts";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

const hourMs = 3_600_000;

function hourly(changes: Partial<ScheduleConfig> = {}): readonly ScheduleConfig[] {
  const plain = { cron: "@hourly", timezone: null, jitterMs: 0, catchUp: "none", overlap: false, params: {} } as const;
  return [{ ...plain, ...changes }];
}

/** Oldest first. */
async function runs(): Promise<readonly Run[]> {
  return (await harness.engine.listRuns({ limit: 100 })).runs.toReversed();
}

/** Moves the clock on to just behind the next full hour, and waits for the runs there are to be then. */
async function nextHour(clock: AheadClock, count: number): Promise<void> {
  clock.advance(hourMs - (clock.now() % hourMs) + 5);
  await until(async () => (await runs()).length === count);
}

test("a run begins at its time, knows it, and has the parameters of its schedule", async () => {
  const clock = new AheadClock();
  harness = await EngineHarness.open({ clock });
  const params = { target: { type: "string", required: true } } as const;
  const source = "export const pipeline = () => [pipelineContext.triggeredBy, pipelineContext.params.target];";
  await harness.add("backup", source, { params, schedules: hourly({ params: { target: "nas" } }) });
  await nextHour(clock, 1);
  const run = await harness.end((await runs())[0]?.id ?? "");
  expect(run).toMatchObject({ pipeline: "backup", trigger: "schedule", result: ["schedule", "nas"] });
  expect((run.scheduledAt ?? 1) % hourMs).toBe(0);
  expect(harness.engine.listSchedules()).toMatchObject([
    { pipeline: "backup", timezone: "UTC", lastTick: run.scheduledAt, lastRun: run.id, paused: false },
  ]);
  expect(harness.engine.listSchedules()[0]?.next[0]).toBe((run.scheduledAt ?? 0) + hourMs);
});

test("a tick has one run over any number of restarts, and one that passed meanwhile is made up for where wanted", async () => {
  const clock = new AheadClock();
  harness = await EngineHarness.open({ clock });
  await harness.add("a", "export const pipeline = () => 1;", { schedules: hourly({ catchUp: "last" }) });
  await nextHour(clock, 1);
  for (let life = 0; life < 2; life++) {
    harness = await harness.restart();
    expect(await runs()).toHaveLength(1);
  }
  const later = new AheadClock();
  later.advance(clock.now() - later.now() + 5 * hourMs);
  harness = await harness.restart({ clock: later });
  await until(async () => (await runs()).length === 2);
  const [first, second] = await runs();
  expect((second?.scheduledAt ?? 0) - (first?.scheduledAt ?? 0)).toBe(5 * hourMs);
});

test("a tick that comes while its run before is not over, or waits, is a skipped run that names it", async () => {
  const clock = new AheadClock();
  harness = await EngineHarness.open({ clock });
  await harness.add("a", "export const pipeline = async () => { await sleep('90m'); };", { schedules: hourly() });
  await nextHour(clock, 1);
  await until(async () => (await runs())[0]?.status === "waiting");
  await nextHour(clock, 2);
  const [first, second] = await runs();
  expect(second).toMatchObject({
    status: "skipped",
    trigger: "schedule",
    error: { code: "SCHEDULE_OVERLAP", message: `run ${first?.id ?? ""} of the same schedule is not over` },
  });
  clock.advance(35 * 60_000);
  expect((await harness.end(first?.id ?? "")).status).toBe("succeeded");
  await nextHour(clock, 3);
  expect((await runs())[2]?.status).not.toBe("skipped");
});

test("a saved schedule is in force at once, and one that is removed no longer", async () => {
  const clock = new AheadClock();
  harness = await EngineHarness.open({ clock });
  const source = "export const pipeline = () => 1;";
  await harness.add("a", source, { schedules: hourly() });
  await nextHour(clock, 1);
  await harness.add("a", source);
  await harness.add("b", source, { schedules: hourly() });
  await nextHour(clock, 2);
  expect((await runs()).map(({ pipeline }) => pipeline)).toEqual(["a", "b"]);
  harness.remove("b");
  expect(harness.engine.listSchedules()).toEqual([]);
});

describe("a paused pipeline", () => {
  const hook = async (): Promise<string> =>
    await harness.receive("a").then(
      ({ type }) => type,
      (thrown: { readonly code: string }) => thrown.code,
    );

  test("refuses webhooks and triggers and has no ticks, over a restart too, and none of them when resumed", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock });
    await harness.add("a", "export const pipeline = () => 1;", { schedules: hourly({ catchUp: "all" }) });
    expect((await harness.engine.pausePipeline("a")).paused).toBe(true);
    harness = await harness.restart();
    expect(await hook()).toBe("PIPELINE_PAUSED");
    expect(await harness.engine.trigger("a", { params: {}, args: [] }).catch(String)).toContain("is paused");
    expect((await harness.engine.listPipelines())[0]?.paused).toBe(true);
    for (let hour = 0; hour < 3; hour++) clock.advance(hourMs);
    expect(harness.engine.listSchedules()).toMatchObject([{ paused: true, next: [] }]);
    expect((await harness.engine.resumePipeline("a")).paused).toBe(false);
    await Bun.sleep(50);
    expect(await runs()).toEqual([]);
    expect(await hook()).toBe("accepted");
    await nextHour(clock, 2);
    harness = await harness.restart();
    expect(await hook()).toBe("accepted");
  });

  test("lets the runs begin that were queued before", async () => {
    harness = await EngineHarness.open();
    const source = `export const pipeline = async () => { await runtime.run({ name: "w", command: "while [ ! -e ${harness.path("go")} ]; do sleep 0.02; done" }); };`;
    await harness.add("a", source, { concurrencyLimit: 1 });
    const ids = [];
    for (let count = 0; count < 2; count++)
      ids.push((await harness.engine.trigger("a", { params: {}, args: [] })).runId);
    await harness.engine.pausePipeline("a");
    await harness.write("go", "");
    for (const id of ids) expect((await harness.end(id)).status).toBe("succeeded");
  });

  test("that is unknown cannot be paused", async () => {
    harness = await EngineHarness.open();
    expect(await harness.engine.pausePipeline("nope").catch(String)).toContain('no pipeline "nope"');
    expect(await harness.engine.resumePipeline("nope").catch(String)).toContain('no pipeline "nope"');
  });
});
