// Twenty-four hours of a server whose clock is set on in steps, with restarts: everything that waits for a time has it.

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { ScheduleConfig } from "../../../src/core/pipeline-config.ts";
import type { Run } from "../../../src/core/run.ts";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const stepMs = 10 * minuteMs;
const steps = (24 * hourMs) / stepMs;
/** A server ends after so many steps, and the next one begins. */
const lifeSteps = 50;

let harness: EngineHarness;
let clock = new AheadClock();
afterAll(() => harness.close());

/** What came of the day. */
let begins = 0;
let runs: readonly Run[] = [];
let sleeperId = "";
let askerId = "";

const everyMs: Readonly<Record<string, number>> = { "half-hourly": hourMs / 2, "six-hourly": 6 * hourMs };

function schedule(cron: string): { readonly schedules: readonly ScheduleConfig[] } {
  const rest = { timezone: "UTC", jitterMs: 0, catchUp: "none", overlap: false, params: {} } as const;
  return { schedules: [{ cron, ...rest }] };
}

/** Waits until nothing is due any more: no tick, no sleeper, nothing that executes. */
async function settle(): Promise<void> {
  await until(async () => {
    const now = clock.now();
    const isTicked = ({ pipeline, lastTick }: { pipeline: string; lastTick: number | null }): boolean => {
      const every = everyMs[pipeline] ?? 0;
      const latest = now - (now % every);
      return latest <= begins || lastTick === latest;
    };
    const { runs: latest } = await harness.engine.listRuns({ limit: 20 });
    const isDue = ({ status, wakeAt }: Run): boolean =>
      status === "queued" || status === "running" || (status === "waiting" && wakeAt !== null && wakeAt <= now);
    const longest = await Promise.all([sleeperId, askerId].map(async (id) => await harness.engine.getRun(id)));
    return harness.engine.listSchedules().every(isTicked) && ![...latest, ...longest].some(isDue);
  }, 60_000);
}

/** Beginning just behind the start of an hour. */
beforeAll(async () => {
  clock.advance(hourMs - (clock.now() % hourMs) + 1000);
  begins = clock.now();
  harness = await EngineHarness.open({ clock });
  await harness.add("half-hourly", "export const pipeline = () => 'ticked';", schedule("*/30 * * * *"));
  await harness.add(
    "six-hourly",
    `export const pipeline = async () => {
      await sleep("2h");
      return (await runtime.run({ name: "copy", command: "echo copied >> ${harness.path("copies")}; echo copied" })).stdout;
    };`,
    schedule("0 */6 * * *"),
  );
  sleeperId = await harness.start("await sleep('9h'); console.log('nine'); await sleep('5h'); return 'fourteen';");
  askerId = await harness.start(
    `const retry = { attempts: 3, backoff: "constant", initial: "1h", jitter: 0 };
    const tries = "${harness.path("tries")}";
    const { code } = await runtime.run({ command: "echo try >> " + tries + "; test $(wc -l < " + tries + ") -ge 3", retry });
    const { approved, by } = await approval({ name: "ship", timeout: "6h", onTimeout: "approve" });
    return [code, approved, by];`,
  );
  await settle();
  for (let step = 1; step <= steps; step++) {
    clock.advance(stepMs);
    await settle();
    if (step % lifeSteps !== 0) continue;
    const next = new AheadClock();
    next.advance(clock.now() - next.now());
    clock = next;
    harness = await harness.restart({ clock });
  }
  await settle();
  runs = (await harness.engine.listRuns({ limit: 500 })).runs.toReversed();
}, 300_000);

function ticksOf(pipeline: string): readonly number[] {
  return runs.filter((run) => run.pipeline === pipeline).map(({ scheduledAt }) => (scheduledAt ?? 0) - begins);
}

function hoursOf(run: Run | undefined): number {
  return ((run?.finishedAt ?? 0) - (run?.createdAt ?? 0)) / hourMs;
}

const run = (id: string): Run | undefined => runs.find((each) => each.id === id);

test("every tick of the day has one run", () => {
  const ticks = ticksOf("half-hourly");
  expect(ticks.length).toBe(48);
  expect(ticks.map((tick) => Math.round(tick / minuteMs))).toEqual(ticks.map((_, index) => 30 * (index + 1)));
  expect(runs.filter(({ pipeline }) => pipeline === "half-hourly").map(({ status }) => status)).toEqual(
    ticks.map(() => "succeeded"),
  );
});

test("a run that sleeps for hours over a restart goes on when it is time, and takes its step once", async () => {
  const days = runs.filter(({ pipeline, status }) => pipeline === "six-hourly" && status === "succeeded");
  expect(days.length).toBeGreaterThanOrEqual(3);
  for (const each of days) {
    expect(hoursOf(each)).toBeGreaterThanOrEqual(2);
    expect(hoursOf(each)).toBeLessThan(2.2);
  }
  expect(await harness.lines("copies")).toEqual(days.map(() => "copied"));
});

test("sleeps that follow each other end after the hours of both", () => {
  expect(run(sleeperId)).toMatchObject({ status: "succeeded", result: "fourteen" });
  expect(hoursOf(run(sleeperId))).toBeGreaterThanOrEqual(14);
  expect(hoursOf(run(sleeperId))).toBeLessThan(14.5);
});

test("attempts that are hours apart are made at their times, and an approval ends at its own", async () => {
  expect(run(askerId)).toMatchObject({ status: "succeeded", result: [0, true, "timeout"] });
  expect(await harness.lines("tries")).toEqual(["try", "try", "try"]);
  expect(hoursOf(run(askerId))).toBeGreaterThanOrEqual(8);
  expect(hoursOf(run(askerId))).toBeLessThan(8.6);
});
