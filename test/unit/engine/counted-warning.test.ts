import { expect, test } from "bun:test";
import { CountedWarning } from "../../../src/engine/counted-warning.ts";
import { ManualClock } from "./manual-clock.ts";

test("what happens often is told once in a while with its number, and what is left when it is closed", async () => {
  const clock = new ManualClock();
  const told: number[] = [];
  const warning = new CountedWarning({ clock, everyMs: 100, tell: (count) => told.push(count) });
  for (let times = 0; times < 1000; times++) warning.add();
  expect(told).toEqual([]);
  await clock.advance(100);
  await clock.advance(1000);
  expect(told).toEqual([1000]);
  warning.add(2);
  warning.add(3);
  warning.close();
  warning.close();
  await clock.advance(1000);
  expect([told, clock.pendingMs]).toEqual([[1000, 5], []]);
});
