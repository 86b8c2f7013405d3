// When the folder is looked at, on a clock of the test's own.

import { describe, expect, test } from "bun:test";
import { ScanTimer } from "../../../src/pipelines/scan-timer.ts";
import { ManualClock, settlePromises } from "../engine/manual-clock.ts";

function open() {
  const clock = new ManualClock();
  const happened: string[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const scan = async (): Promise<void> => {
    happened.push("look");
    const gate = gates.shift();
    if (gate) await gate.promise;
    happened.push("looked");
  };
  const timer = new ScanTimer({ clock, quietMs: 30, patienceMs: 120, rescanMs: 5000, scan });
  const holdNext = (): PromiseWithResolvers<void> => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate;
  };
  return { clock, timer, happened, holdNext };
}

describe("lookAfter()", () => {
  test("waits for a look that goes on, does the work alone, and looks at once", async () => {
    const { clock, timer, happened, holdNext } = open();
    const gate = holdNext();
    await clock.advance(5000);
    const done = timer.lookAfter(async () => {
      happened.push("work");
      await settlePromises();
      happened.push("worked");
    });
    timer.poke();
    await clock.advance(200);
    expect(happened).toEqual(["look"]);
    gate.resolve();
    await done;
    expect(happened).toEqual(["look", "looked", "work", "worked", "look", "looked"]);
  });

  test("looks also where the work fails, and throws what it threw", async () => {
    const { timer, happened } = open();
    const failing = timer.lookAfter(() => Promise.reject(new Error("no")));
    expect(failing).rejects.toThrow("no");
    await failing.catch(() => undefined);
    await settlePromises();
    expect(happened).toEqual(["look", "looked"]);
  });

  test("goes on looking from time to time afterwards", async () => {
    const { clock, timer, happened } = open();
    await timer.lookAfter(async () => {});
    await clock.advance(4999);
    expect(happened).toEqual(["look", "looked"]);
    await clock.advance(1);
    expect(happened).toHaveLength(4);
    await timer.close();
    expect(clock.pendingMs).toEqual([]);
  });
});
