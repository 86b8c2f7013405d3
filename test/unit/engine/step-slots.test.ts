// The number of steps that run at once.

import { describe, expect, test } from "bun:test";
import { StepSlots } from "../../../src/engine/step-slots.ts";

describe("StepSlots", () => {
  test("gives out as many as the limit, and one more for each released", () => {
    const slots = new StepSlots(2);
    expect([slots.tryTake(), slots.tryTake(), slots.tryTake()]).toEqual([true, true, false]);
    slots.release();
    expect([slots.tryTake(), slots.tryTake()]).toEqual([true, false]);
  });

  test("those who wait are served in order, one per release, and nobody passes them", () => {
    const slots = new StepSlots(1);
    slots.tryTake();
    const taken: string[] = [];
    for (const name of ["a", "b", "c"]) slots.wait(() => taken.push(name));
    expect(taken).toEqual([]);
    slots.release();
    expect(taken).toEqual(["a"]);
    expect(slots.tryTake()).toBe(false);
    slots.release();
    slots.release();
    expect(taken).toEqual(["a", "b", "c"]);
    slots.release();
    expect(slots.tryTake()).toBe(true);
  });

  test("who gives up waiting is passed over, and is told whether it still waited", () => {
    const slots = new StepSlots(1);
    slots.tryTake();
    const taken: string[] = [];
    const giveUp = slots.wait(() => taken.push("a"));
    const giveUpLate = slots.wait(() => taken.push("b"));
    expect([giveUp(), giveUp()]).toEqual([true, false]);
    slots.release();
    expect(taken).toEqual(["b"]);
    expect(giveUpLate()).toBe(false);
    slots.release();
    expect(slots.tryTake()).toBe(true);
  });

  test("a slot taken when a waiter is called back counts, also when that releases it at once", () => {
    const slots = new StepSlots(1);
    slots.tryTake();
    let taken = 0;
    for (let index = 0; index < 3; index++) {
      slots.wait(() => {
        taken++;
        slots.release();
      });
    }
    slots.release();
    expect(taken).toBe(3);
    expect([slots.tryTake(), slots.tryTake()]).toEqual([true, false]);
  });

  // A step is recorded between `tryTake` and `wait`: the last slot may be released in between.
  test("who waits while a slot is free gets it", () => {
    const slots = new StepSlots(1);
    slots.tryTake();
    expect(slots.tryTake()).toBe(false);
    slots.release();
    let taken = false;
    slots.wait(() => {
      taken = true;
    });
    expect(taken).toBe(true);
  });
});
