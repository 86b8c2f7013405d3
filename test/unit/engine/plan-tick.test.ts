// What is to be done about a schedule at a moment.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ScheduleConfig } from "../../../src/core/pipeline-config.ts";
import { parseScheduleTimes } from "../../../src/core/schedule-times.ts";
import { planTick, type ScheduleProgress } from "../../../src/engine/plan-tick.ts";

const hourMs = 3_600_000;
const base = 400_000 * hourMs;
const at = (hours: number): number => base + hours * hourMs;

function progress(config: Partial<ScheduleConfig> = {}, changes: Partial<ScheduleProgress> = {}): ScheduleProgress {
  const plain = {
    cron: "0 * * * *",
    timezone: null,
    jitterMs: 0,
    catchUp: "none",
    overlap: false,
    params: {},
  } as const;
  const full = { ...plain, ...config };
  const times = parseScheduleTimes(full.cron, "UTC");
  return { config: full, times, seed: "p s", doneUntil: at(0), seenUntil: at(0), ...changes };
}

describe("planTick()", () => {
  test("waits for the next tick", () => {
    expect(planTick(progress(), at(0))).toEqual({ type: "wait", dueAt: at(1) });
    expect(planTick(progress(), at(1) - 1)).toEqual({ type: "wait", dueAt: at(1) });
  });

  test("runs a tick that is due, also a minute later: the server may have been restarted", () => {
    const run = { type: "run", tick: at(1), missed: 0, isInTime: true } as const;
    expect(planTick(progress(), at(1))).toEqual(run);
    expect(planTick(progress(), at(1) + 60_000)).toEqual(run);
    expect(planTick(progress(), at(1) + 60_001)).toEqual({ type: "drop", until: at(1), missed: 1 });
  });

  test("runs a tick that was seen in time, however late it could be recorded", () => {
    const seen = progress({}, { seenUntil: at(1) });
    expect(planTick(seen, at(1.9))).toMatchObject({ type: "run", tick: at(1), isInTime: true });
  });

  test("without catching up runs only the tick of now, and drops those before it", () => {
    expect(planTick(progress(), at(5))).toEqual({ type: "run", tick: at(5), missed: 4, isInTime: true });
    expect(planTick(progress(), at(5.5))).toEqual({ type: "drop", until: at(5), missed: 5 });
  });

  test("catching up with the last runs the newest, whatever time has passed", () => {
    const last = progress({ catchUp: "last" });
    expect(planTick(last, at(5.5))).toEqual({ type: "run", tick: at(5), missed: 4, isInTime: false });
  });

  test("catching up with all runs the oldest of a hundred first", () => {
    const all = progress({ catchUp: "all" });
    expect(planTick(all, at(5.5))).toEqual({ type: "run", tick: at(1), missed: 0, isInTime: false });
    expect(planTick(all, at(500))).toMatchObject({ type: "run", tick: at(401), isInTime: false });
    expect(planTick({ ...all, doneUntil: at(499) }, at(500))).toMatchObject({ tick: at(500), isInTime: true });
  });

  test("a clock that was set back waits for the tick after the last one", () => {
    expect(planTick(progress({}, { doneUntil: at(10) }), at(8))).toEqual({ type: "wait", dueAt: at(11) });
  });

  test("an expression whose years are over waits for ever", () => {
    const times = { next: () => null, latest: () => [] };
    expect(planTick(progress({}, { times }), at(8))).toEqual({ type: "wait", dueAt: null });
  });
});

describe("jitter", () => {
  const jitterMs = 600_000;
  const dueOf = (seed: string, hour: number): number => {
    const plan = planTick(progress({ jitterMs }, { seed, doneUntil: at(hour - 1) }), at(hour) - 1);
    return plan.type === "wait" ? (plan.dueAt ?? 0) - at(hour) : Number.NaN;
  };

  test("is always the same for a tick, and spreads over the whole time", () => {
    const offsets = Array.from({ length: 200 }, (_, hour) => dueOf("p s", hour + 1));
    expect(offsets).toEqual(Array.from({ length: 200 }, (_, hour) => dueOf("p s", hour + 1)));
    expect(Math.min(...offsets)).toBeWithin(0, 60_000);
    expect(Math.max(...offsets)).toBeWithin(540_000, jitterMs + 1);
    expect(new Set(offsets).size).toBeGreaterThan(150);
    expect(dueOf("other s", 1)).not.toBe(dueOf("p s", 1));
  });

  test("delays the run, and its tick stays what it is", () => {
    const offset = dueOf("p s", 1);
    const state = progress({ jitterMs });
    expect(planTick(state, at(1) + offset - 1)).toEqual({ type: "wait", dueAt: at(1) + offset });
    expect(planTick(state, at(1) + offset)).toMatchObject({ type: "run", tick: at(1), isInTime: true });
  });

  test("longer than the time between ticks keeps their order", () => {
    const state = progress({ cron: "@every 1m", jitterMs: 5 * 60_000, catchUp: "all" });
    const ran: number[] = [];
    let { doneUntil } = state;
    for (let now = at(0); now < at(1); now += 1000) {
      const plan = planTick({ ...state, doneUntil }, now);
      if (plan.type !== "run") continue;
      ran.push(plan.tick);
      doneUntil = plan.tick;
    }
    expect(ran).toEqual(ran.toSorted((a, b) => a - b));
    expect(new Set(ran).size).toBe(ran.length);
    expect(ran.length).toBeGreaterThan(50);
  });
});

test("however often and late somebody looks, no tick is run twice, and while somebody looks each minute none is left out", () => {
  const pause = fc.oneof(fc.integer({ min: 1, max: 59_000 }), fc.integer({ min: 61_000, max: 4 * hourMs }));
  const rule = fc.constantFrom("none", "last", "all");
  fc.assert(
    fc.property(rule, fc.array(pause, { maxLength: 60 }), (catchUp, pauses) => {
      let state = progress({ cron: "@every 10m", catchUp });
      const ran: number[] = [];
      let now = at(0);
      let missedSome = false;
      for (const pauseMs of pauses) {
        now += pauseMs;
        if (pauseMs > 60_000) missedSome = true;
        for (let plan = planTick(state, now); plan.type !== "wait"; plan = planTick(state, now)) {
          const until = plan.type === "run" ? plan.tick : plan.until;
          if (plan.type === "run") ran.push(plan.tick);
          expect(until).toBeGreaterThan(state.doneUntil);
          state = { ...state, doneUntil: until };
        }
      }
      expect(new Set(ran).size).toBe(ran.length);
      const passed = state.times.latest(10_000, at(0), now);
      if (!missedSome || (catchUp === "all" && passed.length <= 24)) expect(ran).toEqual([...passed]);
      else expect(passed).toEqual(expect.arrayContaining(ran));
    }),
    { numRuns: 60 },
  );
});
