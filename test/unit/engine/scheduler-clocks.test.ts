// One run for each tick, however clocks are set and change, and for a day full of deaths.

import { describe, expect, test } from "bun:test";
import { settlePromises } from "./manual-clock.ts";
import { schedule, SchedulerBench } from "./scheduler-bench.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

async function open(startsAt = "2026-06-01T00:30:00Z"): Promise<SchedulerBench> {
  const bench = new SchedulerBench(startsAt);
  await bench.start();
  return bench;
}

describe("a clock that is set", () => {
  test("ahead is noticed within a minute, and what it passed over is missed", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly", { catchUp: "last" })]);
    await settlePromises();
    bench.clock.setBy(4 * hourMs);
    await bench.clock.pass(minuteMs);
    expect(bench.begun).toEqual(["04:00"]);
    await bench.clock.passUntil("2026-06-01T05:00:00Z");
    expect(bench.begun).toEqual(["04:00", "05:00"]);
  });

  test("back by an hour or two repeats no tick", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly")]);
    await bench.clock.passUntil("2026-06-01T03:10:00Z");
    bench.clock.setBy(-2 * hourMs);
    await bench.clock.passUntil("2026-06-01T04:10:00Z");
    expect(bench.begun).toEqual(["01:00", "02:00", "03:00", "04:00"]);
  });

  test("back by days, having been wrong, leaves no schedule silent until then", async () => {
    const bench = await open("2029-06-01T00:30:00Z");
    bench.set("a", [schedule("@hourly", { catchUp: "all" })]);
    await bench.clock.pass(hourMs);
    bench.clock.setBy(Date.parse("2026-06-01T05:30:00Z") - bench.clock.now());
    await bench.clock.passUntil("2026-06-01T07:10:00Z");
    expect(bench.begun).toEqual(["01:00", "06:00", "07:00"]);
    await bench.restart();
    await bench.clock.passUntil("2026-06-01T08:10:00Z");
    expect(bench.begun).toEqual(["01:00", "06:00", "07:00", "08:00"]);
  });

  test("ahead by years and back again begins no burst of runs", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly")]);
    await settlePromises();
    bench.clock.setBy(5 * 365 * 24 * hourMs);
    await bench.clock.pass(2 * minuteMs);
    bench.clock.setBy(-5 * 365 * 24 * hourMs);
    await bench.clock.passUntil("2026-06-01T02:10:00Z");
    expect(bench.begun).toEqual(["01:00", "02:00"]);
  });
});

describe("where the clocks change", () => {
  test("a nightly run comes once a night", async () => {
    for (const [from, ticks] of [
      ["2026-03-28T12:00:00Z", ["01:00", "00:30"]],
      ["2026-10-24T12:00:00Z", ["00:30", "01:30"]],
    ] as const) {
      const bench = await open(from);
      bench.set("a", [schedule("30 2 * * *", { timezone: "Europe/Berlin" })]);
      await bench.clock.pass(48 * hourMs);
      expect(bench.begun).toEqual(ticks);
    }
  });

  test("a run every half hour comes 46 and 50 times a day", async () => {
    for (const [from, to, count] of [
      ["2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", 46],
      ["2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", 50],
    ] as const) {
      const bench = await open(new Date(Date.parse(from) - 1).toISOString());
      bench.set("a", [schedule("*/30 * * * *", { timezone: "Europe/Berlin" })]);
      await bench.clock.passUntil(to);
      expect(bench.begun).toHaveLength(count);
    }
  });
});

test("twenty-four hours with deaths at any moment: each tick has exactly one run, and none comes early", async () => {
  const bench = await open("2026-06-01T00:00:30Z");
  const jitterMs = 5 * minuteMs;
  bench.set("a", [schedule("*/10 * * * *", { catchUp: "all" }), schedule("0 3 * * *", { catchUp: "last" })]);
  bench.set("b", [schedule("@every 15m", { jitterMs, catchUp: "all" })]);
  await settlePromises();
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const end = Date.parse("2026-06-02T00:05:30Z");
  while (bench.clock.now() < end) {
    bench.disk = (["works", "works", "dies before", "dies after"] as const)[random(4)] ?? "works";
    await bench.clock.pass(Math.min(end - bench.clock.now(), random(25 * minuteMs) + 1));
    if (bench.clock.now() < end) await bench.restart(random(90_000));
  }
  bench.disk = "works";
  await bench.restart();
  await bench.clock.pass(jitterMs + 5000);
  const ticksOf = (pipeline: string, minutes: number): number => {
    const ticks = bench.runs.filter(({ run }) => run.pipeline === pipeline).map(({ run }) => run.scheduledAt ?? 0);
    const spaced = ticks.filter((tick) => tick <= end && tick % (minutes * minuteMs) === 0);
    expect(new Set(spaced).size + (pipeline === "a" ? 1 : 0)).toBe(spaced.length);
    return spaced.length;
  };
  // The nightly one of `a` is at a time of its other schedule.
  expect(ticksOf("a", 10)).toBe(24 * 6 + 1);
  expect(ticksOf("b", 15)).toBe(24 * 4);
  for (const { run } of bench.runs) expect(run.createdAt).toBeGreaterThanOrEqual(run.scheduledAt ?? 0);
});
