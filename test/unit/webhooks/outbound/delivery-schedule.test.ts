import { expect, test } from "bun:test";
import fc from "fast-check";
import { delayBefore, endpointDefaults, longestDelayBefore } from "../../../../src/webhooks/webhooks.ts";

const delays = endpointDefaults.retryDelaysMs;
const minuteMs = 60_000;

test("there are seven attempts, with the waits of the seed, in all 34 h 36 min", () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((attempt) => delayBefore(attempt, delays, 0.5));
  expect(waits.map((ms) => ms && ms / minuteMs)).toEqual([0, 1, 5, 30, 120, 480, 1440, null]);
  expect(waits.reduce<number>((sum, ms) => sum + (ms ?? 0), 0)).toBe((34 * 60 + 36) * minuteMs);
});

test("no wait is more than a tenth shorter or longer, and both ends are reached", () => {
  expect(delayBefore(2, delays, 0)).toBe(54_000);
  expect(delayBefore(2, delays, 1 - 2 ** -53)).toBe(66_000);
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 7 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, spread) => {
      const ratio = (delayBefore(attempt, delays, spread) ?? 0) / (delays[attempt - 2] ?? 1);
      return ratio >= 0.9 && ratio <= 1.1;
    }),
  );
});

test("the first attempt never waits", () => {
  expect(delayBefore(1, delays, 0.9)).toBe(0);
  expect(delayBefore(1, [], 0.9, 5000)).toBe(0);
});

test("a receiver that asks for a longer wait gets it, for at most a day; a shorter one changes nothing", () => {
  expect(delayBefore(2, delays, 0.5, 10 * minuteMs)).toBe(10 * minuteMs);
  expect(delayBefore(4, delays, 0.5, 10 * minuteMs)).toBe(30 * minuteMs);
  expect(delayBefore(2, delays, 0.5, 10_000_000_000)).toBe(24 * 60 * minuteMs);
});

test("waits of one's own take the place of the seed's", () => {
  expect([1, 2, 3, 4].map((attempt) => delayBefore(attempt, [1000, 2000], 0.5))).toEqual([0, 1000, 2000, null]);
  expect(delayBefore(2, [], 0.5, 5000)).toBeNull();
});

test("no wait is longer than the longest that is told, and the first attempt has none", () => {
  const delaysMs = [60_000, 48 * 60 * 60_000];
  expect(longestDelayBefore(1, delaysMs)).toBe(0);
  for (const attempt of [2, 3]) {
    const waits = [0, 0.5, 0.999].flatMap((spread) =>
      [0, 60_000, Number.MAX_SAFE_INTEGER].map((asked) => delayBefore(attempt, delaysMs, spread, asked) ?? 0),
    );
    expect(Math.max(...waits)).toBeLessThanOrEqual(longestDelayBefore(attempt, delaysMs));
  }
  expect(longestDelayBefore(3, delaysMs)).toBe(Math.round(1.1 * 48 * 60 * 60_000));
});
