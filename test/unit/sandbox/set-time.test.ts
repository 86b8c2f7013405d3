import { expect, test } from "bun:test";
import { SetTime } from "../../../src/sandbox/process/set-time.ts";

test("the clock stands still until it is set", () => {
  const time = new SetTime(5, "seed");
  expect([time.now(), time.now()]).toEqual([5, 5]);
  time.set(7);
  expect(time.now()).toBe(7);
});

test("random bytes are a function of the seed, and never the same twice in a row", () => {
  const [a, same, other] = [new SetTime(1, "a"), new SetTime(2, "a"), new SetTime(1, "b")];
  const [first, second] = [a.randomBytes(40), a.randomBytes(40)];
  expect(first).toHaveLength(40);
  expect(same.randomBytes(40)).toEqual(first);
  expect(second).not.toEqual(first);
  expect(other.randomBytes(40)).not.toEqual(first);
  expect(first.subarray(0, 8)).not.toEqual(first.subarray(32, 40));
});
