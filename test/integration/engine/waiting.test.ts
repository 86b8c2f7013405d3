// A run that only waits for over a minute leaves memory, and comes back when its time has come or there is news.

import { afterEach, describe, expect, test } from "bun:test";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

async function statusOf(id: string): Promise<string> {
  return (await harness.engine.getRun(id)).status;
}

const hourMs = 60 * 60 * 1000;

describe("a long sleep", () => {
  test("is a waiting step of a waiting run, and the run goes on behind it", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock });
    const id = await harness.start(
      `const r = await runtime.run({ name: "first", command: "echo one >> ${harness.path("mark")}" });
       console.log("sleeps");
       await sleep("2h");
       console.log("awake", r.code);
       return "slept";`,
    );
    await until(async () => (await statusOf(id)) === "waiting");
    const waiting = await harness.engine.getRun(id);
    expect(waiting.steps[1]).toMatchObject({ kind: "sleep", status: "waiting" });
    expect((waiting.steps[1]?.until ?? 0) - clock.now()).toBeWithin(1.9 * hourMs, 2 * hourMs + 1);
    expect(waiting.wakeAt).toBe(waiting.steps[1]?.until ?? null);
    clock.advance(1 * hourMs);
    await Bun.sleep(100);
    expect(await statusOf(id)).toBe("waiting");
    clock.advance(1 * hourMs + 1000);
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "succeeded", result: "slept", wakeAt: null });
    expect(run.steps[1]).toMatchObject({ kind: "sleep", status: "succeeded", until: null });
    expect(await harness.lines("mark")).toEqual(["one"]);
    const lines = (await harness.logs(id)).filter(({ source }) => source === "console").map(({ text }) => text);
    expect(lines).toEqual(["sleeps", "awake 0"]);
  });

  test("holds no place of those that execute at once", async () => {
    harness = await EngineHarness.open({ maxConcurrentRuns: 1 });
    const sleeping = await harness.start("await sleep('1h');");
    await until(async () => (await statusOf(sleeping)) === "waiting");
    expect((await harness.run("return 1;")).result).toBe(1);
    expect(await statusOf(sleeping)).toBe("waiting");
  });

  test("is over when the server comes back after its end", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock });
    const id = await harness.start("await sleep('1h'); return 'slept';");
    await until(async () => (await statusOf(id)) === "waiting");
    const later = new AheadClock();
    later.advance(2 * hourMs);
    harness = await harness.restart({ clock: later });
    expect((await harness.end(id)).result).toBe("slept");
  });

  test("to a moment given as a date ends at that moment", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock });
    const until_ = new Date(clock.now() + 3 * hourMs).toISOString();
    const id = await harness.start(`await sleepUntil("${until_}"); return 'slept';`);
    await until(async () => (await statusOf(id)) === "waiting");
    expect((await harness.engine.getRun(id)).wakeAt).toBe(Date.parse(until_));
    clock.advance(3 * hourMs + 1);
    expect((await harness.end(id)).result).toBe("slept");
  });

  test("is broken off by the run's time limit", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock, config: { timeoutMs: hourMs } });
    const id = await harness.start("try { await sleep('5h'); } finally { console.log('tidies'); }");
    await until(async () => (await statusOf(id)) === "waiting");
    clock.advance(hourMs + 1000);
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "timed_out", steps: [{ kind: "sleep", status: "cancelled" }] });
    expect((await harness.logs(id)).map(({ text }) => text)).toContain("tidies");
  });

  test("is broken off by cancelling the run, which may tidy up", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start("try { await sleep('5h'); } finally { console.log('tidies'); }");
    await until(async () => (await statusOf(id)) === "waiting");
    await harness.engine.cancel(id);
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "cancelled", steps: [{ kind: "sleep", status: "cancelled" }] });
    expect((await harness.logs(id)).map(({ text }) => text)).toContain("tidies");
  });
});

test("whoever follows the log of a waiting run is given what comes after the wait too", async () => {
  const clock = new AheadClock();
  harness = await EngineHarness.open({ clock });
  const id = await harness.start("console.log('before'); await sleep('1h'); console.log('after');");
  const following = harness.logs(id, true);
  await until(async () => (await statusOf(id)) === "waiting");
  await Bun.sleep(50);
  clock.advance(hourMs + 1);
  const lines = (await following).filter(({ source }) => source === "console").map(({ text }) => text);
  expect(lines).toEqual(["before", "after"]);
});

test("a run of two sleeps side by side comes back for each of them", async () => {
  const clock = new AheadClock();
  harness = await EngineHarness.open({ clock });
  const id = await harness.start(
    `const order = [];
     await Promise.all([
       (async () => { await sleep("2h"); order.push("two"); })(),
       (async () => { await sleep("1h"); order.push("one"); await sleep("2h"); order.push("three"); })(),
     ]);
     return order;`,
  );
  await until(async () => (await statusOf(id)) === "waiting");
  for (let hour = 0; hour < 3; hour++) {
    clock.advance(hourMs + 1000);
    await until(async () => ["waiting", "succeeded"].includes(await statusOf(id)));
    await Bun.sleep(150);
  }
  expect((await harness.end(id)).result).toEqual(["one", "two", "three"]);
});

test("the script of a run whose step takes long leaves memory, and is given the step's result", async () => {
  const clock = new AheadClock();
  harness = await EngineHarness.open({ clock, processes: 1 });
  const id = await harness.start(
    `console.log("waits");
     const r = await runtime.run({ name: "long", command: "while [ ! -e ${harness.path("go")} ]; do sleep 0.05; done; echo done" });
     console.log("goes on");
     return r.stdout;`,
  );
  await until(async () => (await harness.engine.getRun(id)).steps[0]?.status === "running");
  await Bun.sleep(100);
  clock.advance(61_000);
  await Bun.sleep(50);
  // Nothing of the run is in the processes any more: their death is none of its business.
  harness.killSandboxes();
  await harness.write("go", "");
  const run = await harness.end(id);
  expect(run).toMatchObject({ status: "succeeded", result: "done\n" });
  const lines = (await harness.logs(id)).filter(({ source }) => source === "console").map(({ text }) => text);
  expect(lines).toEqual(["waits", "goes on"]);
});
