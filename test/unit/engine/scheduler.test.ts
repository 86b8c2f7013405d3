// One run for each tick, whatever becomes of the server, its disk and its pipelines.

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

describe("a tick", () => {
  test("begins a run that knows its time, its trigger, and the parameters of its schedule", async () => {
    const bench = await open();
    const params = {
      target: { type: "string", required: true },
      keep: { type: "number", default: 7, required: false },
    } as const;
    bench.set("backup", [schedule("0 3 * * *", { params: { target: "nas" } })], { params });
    await bench.clock.passUntil("2026-06-02T02:59:59.999Z");
    expect(bench.runs.map(({ run }) => run)).toMatchObject([
      {
        pipeline: "backup",
        trigger: "schedule",
        triggeredBy: "schedule",
        bundleHash: "backup",
        params: { target: "nas", keep: 7 },
        createdAt: Date.parse("2026-06-01T03:00:00Z"),
        scheduledAt: Date.parse("2026-06-01T03:00:00Z"),
      },
    ]);
    await bench.clock.pass(1);
    expect(bench.begun).toEqual(["03:00", "03:00"]);
  });

  test("of each of several schedules begins a run of its own", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly"), schedule("0 2 * * *")]);
    bench.set("b", [schedule("@every 90m")]);
    await bench.clock.passUntil("2026-06-01T03:00:00Z");
    expect(bench.runs.map(({ run }) => run.pipeline).sort()).toEqual(["a", "a", "a", "a", "b", "b"]);
  });

  test("of a schedule with a zone is by the clocks there", async () => {
    const bench = await open();
    bench.set("a", [schedule("0 9 * * *", { timezone: "Asia/Tokyo" })]);
    await bench.clock.passUntil("2026-06-02T00:00:00Z");
    expect(bench.begun).toEqual(["00:00"]);
  });

  test("that comes while the run before is not over is skipped, for all to see", async () => {
    const bench = await open();
    bench.endsAtOnce = false;
    bench.set("a", [schedule("@hourly")]);
    await bench.clock.passUntil("2026-06-01T03:30:00Z");
    expect(bench.begun).toEqual(["01:00"]);
    expect(bench.skipped).toEqual([
      ["02:00", "SCHEDULE_OVERLAP"],
      ["03:00", "SCHEDULE_OVERLAP"],
    ]);
    bench.end("01:00");
    await bench.clock.passUntil("2026-06-01T04:30:00Z");
    expect(bench.begun).toEqual(["01:00", "04:00"]);
  });

  test("that may overlap begins a run all the same", async () => {
    const bench = await open();
    bench.endsAtOnce = false;
    bench.set("a", [schedule("@hourly", { overlap: true })]);
    await bench.clock.passUntil("2026-06-01T03:30:00Z");
    expect(bench.begun).toEqual(["01:00", "02:00", "03:00"]);
  });

  test("that finds the queue full is skipped, for all to see", async () => {
    const bench = await open();
    bench.queueFull = true;
    bench.set("a", [schedule("@hourly")]);
    await bench.clock.passUntil("2026-06-01T01:30:00Z");
    bench.queueFull = false;
    await bench.clock.passUntil("2026-06-01T02:30:00Z");
    expect(bench.skipped).toEqual([["01:00", "QUEUE_FULL"]]);
    expect(bench.begun).toEqual(["02:00"]);
  });

  test("whose parameters are no longer good is skipped, for all to see", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly", { params: { gone: 1 } })]);
    await bench.clock.passUntil("2026-06-01T01:30:00Z");
    expect(bench.skipped).toEqual([["01:00", "PARAM_INVALID"]]);
  });

  test("that finds no room on the disk has its run when there is some, however late", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly")]);
    bench.notReady = true;
    await bench.clock.passUntil("2026-06-01T01:40:00Z");
    expect(bench.runs).toEqual([]);
    bench.notReady = false;
    await bench.clock.pass(2000);
    expect(bench.begun).toEqual(["01:00"]);
  });

  test("that cannot be recorded is recorded once when the disk is well again", async () => {
    const bench = await open();
    bench.disk = "full";
    bench.set("a", [schedule("@hourly")]);
    await bench.clock.passUntil("2026-06-01T01:40:00Z");
    expect(bench.runs).toEqual([]);
    bench.disk = "works";
    await bench.clock.passUntil("2026-06-01T02:30:00Z");
    expect(bench.begun).toEqual(["01:00", "02:00"]);
  });
});

test("a disk that kept what it said it had not leaves one run for the tick, and the next ones come", async () => {
  const bench = await open();
  bench.set("a", [schedule("@hourly", { catchUp: "all" })]);
  await settlePromises();
  bench.disk = "lies";
  await bench.clock.passUntil("2026-06-01T01:00:00Z");
  bench.disk = "works";
  await bench.clock.passUntil("2026-06-01T03:10:00Z");
  expect(bench.begun).toEqual(["01:00", "02:00", "03:00"]);
});

describe("a server that dies", () => {
  test("before the tick is on disk begins its run in the next life, once", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly")]);
    await settlePromises();
    bench.disk = "dies before";
    await bench.clock.passUntil("2026-06-01T01:00:01Z");
    expect(bench.runs).toEqual([]);
    await bench.restart(30_000);
    await bench.clock.passUntil("2026-06-01T01:30:00Z");
    expect(bench.begun).toEqual(["01:00"]);
  });

  test("when the tick is on disk, and before it knows that, does not begin its run again", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly")]);
    await settlePromises();
    bench.disk = "dies after";
    await bench.clock.passUntil("2026-06-01T01:00:01Z");
    await bench.restart(1000);
    await bench.clock.passUntil("2026-06-01T02:30:00Z");
    expect(bench.begun).toEqual(["01:00", "02:00"]);
  });

  test("and is down over the tick for less than a minute has missed nothing", async () => {
    const bench = await open("2026-06-01T00:59:50Z");
    bench.set("a", [schedule("@hourly")]);
    await settlePromises();
    await bench.restart(65_000);
    expect(bench.begun).toEqual(["01:00"]);
  });

  test("and is down for hours lets the ticks be, unless the schedule says otherwise", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly")]);
    await settlePromises();
    await bench.restart(5 * hourMs);
    expect(bench.runs).toEqual([]);
    expect(bench.logged.join("\n")).toContain('"ticks":5,"catch_up":"none"');
    await bench.clock.passUntil("2026-06-01T06:00:00Z");
    expect(bench.begun).toEqual(["06:00"]);
  });

  test("makes up for the last tick where that is wanted", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly", { catchUp: "last" })]);
    await settlePromises();
    await bench.restart(5 * hourMs);
    expect(bench.begun).toEqual(["05:00"]);
    await bench.clock.passUntil("2026-06-01T06:00:00Z");
    expect(bench.begun).toEqual(["05:00", "06:00"]);
  });

  test("makes up for all of them one after the other, also where that takes several lives", async () => {
    const bench = await open();
    bench.endsAtOnce = false;
    bench.set("a", [schedule("@hourly", { catchUp: "all" })]);
    await settlePromises();
    await bench.restart(3 * hourMs);
    expect(bench.begun).toEqual(["01:00"]);
    await bench.clock.pass(5 * minuteMs);
    expect(bench.begun).toEqual(["01:00"]);
    bench.end("01:00");
    await bench.clock.pass(2000);
    expect(bench.begun).toEqual(["01:00", "02:00"]);
    await bench.restart(1000);
    expect(bench.begun).toEqual(["01:00", "02:00"]);
    bench.end("02:00");
    await bench.clock.pass(2000);
    bench.end("03:00");
    await bench.clock.passUntil("2026-06-01T04:30:00Z");
    expect(bench.begun).toEqual(["01:00", "02:00", "03:00", "04:00"]);
    expect(bench.skipped).toEqual([]);
  });

  test("makes up for the tick of its start after those before it, instead of skipping it", async () => {
    const bench = await open();
    bench.endsAtOnce = false;
    bench.set("a", [schedule("@hourly", { catchUp: "all" })]);
    await settlePromises();
    await bench.restart(90 * minuteMs + 20_000);
    expect(bench.begun).toEqual(["01:00"]);
    await bench.clock.pass(5000);
    bench.end("01:00");
    await bench.clock.pass(2000);
    expect([bench.begun, bench.skipped]).toEqual([["01:00", "02:00"], []]);
  });

  test("makes up for a hundred ticks at most", async () => {
    const bench = await open();
    bench.set("a", [schedule("@every 1m", { catchUp: "all" })]);
    await settlePromises();
    await bench.restart(24 * hourMs);
    expect(bench.runs).toHaveLength(100);
    expect(bench.begun.at(-1)).toBe("00:30");
  });
});

describe("a schedule", () => {
  test("that is new, or whose times are changed, begins with the next tick", async () => {
    const bench = await open("2026-06-01T12:30:00Z");
    bench.set("a", [schedule("0 3 * * *", { catchUp: "all" })]);
    await settlePromises();
    bench.set("a", [schedule("0 * * * *", { catchUp: "all" })]);
    await bench.clock.passUntil("2026-06-01T13:10:00Z");
    expect(bench.begun).toEqual(["13:00"]);
    expect([...bench.rows.keys()]).toEqual(['a ["0 * * * *",null,{}]']);
  });

  test("that is changed while the server is down begins afresh too", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly", { catchUp: "all" })]);
    await settlePromises();
    bench.set("a", [schedule("@every 10m", { catchUp: "all" })]);
    await settlePromises();
    bench.rows.clear();
    await bench.restart(10 * hourMs);
    expect(bench.runs).toEqual([]);
  });

  test("goes on where it was when only its rules change", async () => {
    const bench = await open();
    bench.endsAtOnce = false;
    bench.set("a", [schedule("@hourly")]);
    await bench.clock.passUntil("2026-06-01T01:10:00Z");
    bench.set("a", [schedule(" @hourly ", { overlap: true, catchUp: "last", jitterMs: 1 })]);
    await bench.clock.passUntil("2026-06-01T02:10:00Z");
    expect(bench.begun).toEqual(["01:00", "02:00"]);
  });

  test("of a pipeline that is removed is forgotten: back again it begins afresh", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly", { catchUp: "all" })]);
    await settlePromises();
    bench.remove("a");
    await bench.clock.passUntil("2026-06-01T04:30:00Z");
    expect([bench.runs, bench.rows.size]).toEqual([[], 0]);
    expect(bench.clock.pendingMs).toEqual([]);
    bench.set("a", [schedule("@hourly", { catchUp: "all" })]);
    await bench.clock.passUntil("2026-06-01T05:30:00Z");
    expect(bench.begun).toEqual(["05:00"]);
  });

  test("of a pipeline that was removed while the server was down is forgotten at its start", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly")]);
    await settlePromises();
    expect(bench.rows.size).toBe(1);
    const restarted = bench.restart();
    bench.remove("a");
    await restarted;
    await settlePromises();
    expect(bench.rows.size).toBe(0);
  });

  test("that this system cannot follow is told of and leaves the others alone", async () => {
    const bench = await open();
    bench.set("bad", [schedule("@hourly", { timezone: "Atlantis/Capital" })]);
    bench.set("good", [schedule("@hourly")]);
    await bench.clock.passUntil("2026-06-01T01:00:00Z");
    expect(bench.runs.map(({ run }) => run.pipeline)).toEqual(["good"]);
    expect(bench.logged.join()).toContain("Atlantis/Capital");
  });
});

describe("a paused pipeline", () => {
  test("has no runs, and none of them when it is resumed", async () => {
    const bench = await open();
    bench.set("a", [schedule("@hourly", { catchUp: "all" })]);
    await settlePromises();
    bench.paused.add("a");
    await bench.clock.passUntil("2026-06-01T05:10:00Z");
    await bench.restart();
    expect(bench.runs).toEqual([]);
    for (const write of bench.scheduler.resumeWrites("a")) {
      if (write.type !== "schedule.put") continue;
      const row = bench.rows.get(`a ${write.schedule}`);
      if (row !== undefined) bench.rows.set(`a ${write.schedule}`, { ...row, doneUntil: write.doneUntil });
    }
    bench.paused.delete("a");
    bench.scheduler.resumed("a");
    await bench.clock.passUntil("2026-06-01T06:10:00Z");
    expect(bench.begun).toEqual(["06:00"]);
    await bench.restart();
    expect(bench.begun).toEqual(["06:00"]);
  });
});

test("list() tells the next times, the last one, and what is paused", async () => {
  const bench = await open();
  bench.set("b", [schedule("0 5 * * *", { timezone: "Europe/Berlin", params: { x: 1 } })]);
  bench.set("a", [schedule("@hourly")]);
  await bench.clock.passUntil("2026-06-01T01:10:00Z");
  const at = (time: string): number => Date.parse(time);
  expect(bench.scheduler.list()).toMatchObject([
    { pipeline: "a", timezone: "UTC", lastTick: at("2026-06-01T01:00:00Z"), lastRun: "run-1", paused: false },
    { pipeline: "b", timezone: "Europe/Berlin", config: { params: { x: 1 } }, lastTick: null, paused: false },
  ]);
  expect(bench.scheduler.list()[0]?.next.slice(0, 2)).toEqual([at("2026-06-01T02:00:00Z"), at("2026-06-01T03:00:00Z")]);
  expect(bench.scheduler.list()[0]?.next).toHaveLength(5);
  bench.paused.add("a");
  expect(bench.scheduler.list()[0]).toMatchObject({ next: [], paused: true });
});

test("after stop() nothing begins any more, and nothing keeps the process alive", async () => {
  const bench = await open();
  bench.set("a", [schedule("@hourly")]);
  await settlePromises();
  await bench.scheduler.stop();
  await bench.clock.pass(5 * hourMs);
  expect([bench.runs, bench.clock.pendingMs]).toEqual([[], []]);
});

test("stop() waits for what is being recorded, and not for a disk that does not answer", async () => {
  const bench = await open();
  bench.set("a", [schedule("@hourly")]);
  await settlePromises();
  bench.disk = "dies before";
  await bench.clock.passUntil("2026-06-01T01:00:00Z");
  let isStopped = false;
  void bench.scheduler.stop().then(() => (isStopped = true));
  await bench.clock.pass(1999);
  expect(isStopped).toBe(false);
  await bench.clock.pass(1);
  expect(isStopped).toBe(true);
});
