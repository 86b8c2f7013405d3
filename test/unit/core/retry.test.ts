// Policies of retry as they are written, and the waits that follow from them.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isWorthRetry, parseRetry, retryDelayMs, type RetryPolicy } from "../../../src/core/retry.ts";

describe("parseRetry()", () => {
  test("takes a number as the attempts, and has a default for all else", () => {
    const rest = { backoff: "exponential", initialMs: 1000, maxMs: 60_000, jitter: 0.1, on: null } as const;
    expect(parseRetry(5)).toEqual({ attempts: 5, ...rest });
    expect(parseRetry({})).toEqual({ attempts: 3, ...rest });
    expect(parseRetry({ attempts: undefined, on: null })).toEqual({ attempts: 3, ...rest });
  });

  test("takes every field as it is given", () => {
    const given = { attempts: 2, backoff: "constant", initial: 250, max: "2h", jitter: 0, on: [75, "FETCH_TIMEOUT"] };
    expect(parseRetry(given)).toEqual({
      attempts: 2,
      backoff: "constant",
      initialMs: 250,
      maxMs: 7_200_000,
      jitter: 0,
      on: [75, "FETCH_TIMEOUT"],
    });
  });

  test("waits as long as the first wait says, where that is longer than the longest by default", () => {
    expect(parseRetry({ initial: "2h" })).toMatchObject({ initialMs: 7_200_000, maxMs: 7_200_000 });
    expect(parseRetry({ initial: "2h", max: "1m" })).toMatchObject({ initialMs: 7_200_000, maxMs: 60_000 });
  });

  const wrong: readonly (readonly [retry: unknown, message: string])[] = [
    ["twice", 'retry must be { attempts, backoff, initial, max, jitter, on }, like { attempts: 3 }, not "twice"'],
    [true, "like { attempts: 3 }, not true"],
    [null, "like { attempts: 3 }, not null"],
    [[3], "like { attempts: 3 }, not [3]"],
    [0, "retry.attempts must be a whole number from 1 to 100, not 0"],
    [{ attempts: 2.5 }, "retry.attempts must be a whole number from 1 to 100, not 2.5"],
    [{ attempts: 101 }, "from 1 to 100, not 101"],
    [{ attempts: "3" }, 'from 1 to 100, not "3"'],
    [{ attempts: Number.NaN }, "from 1 to 100"],
    [{ tries: 3 }, "retry.tries is unknown: there are attempts, backoff, initial, max, jitter, on"],
    [{ backoff: "linear" }, 'retry.backoff must be "exponential" or "constant", not "linear"'],
    [{ initial: "soon" }, 'retry.initial must be a duration of at most a day, like "500ms", "2s" or "1m", not "soon"'],
    [{ initial: -1 }, "retry.initial must be a duration"],
    [{ max: "25h" }, 'retry.max must be a duration of at most a day, like "500ms", "2s" or "1m", not "25h"'],
    [{ jitter: 1.5 }, "retry.jitter must be a share from 0 to 1, not 1.5"],
    [{ on: [] }, 'retry.on must be a list of codes, like [75, 111] or ["FETCH_TIMEOUT"], not []'],
    [{ on: 75 }, "retry.on must be a list of codes"],
    [{ on: [{}] }, "retry.on must be a list of codes"],
  ];
  test.each(wrong)("refuses %j and names the field", (retry, message) => {
    expect(() => parseRetry(retry)).toThrow(message);
  });
});

const policies = fc.record({
  attempts: fc.integer({ min: 1, max: 100 }),
  backoff: fc.constantFrom("exponential" as const, "constant" as const),
  initialMs: fc.integer({ min: 0, max: 86_400_000 }),
  maxMs: fc.integer({ min: 0, max: 86_400_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  on: fc.constant(null),
});
const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("retryDelayMs()", () => {
  test("is a whole number, never negative, and over the longest wait by the jitter at most", () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 100 }), draws, (policy, attempt, random) => {
        const delayMs = retryDelayMs(policy, attempt, random);
        expect(Number.isSafeInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(Math.ceil(policy.maxMs * (1 + policy.jitter)));
      }),
    );
  });

  test("without jitter it never becomes shorter from one attempt to the next", () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 99 }), draws, (policy, attempt, random) => {
        const even: RetryPolicy = { ...policy, jitter: 0 };
        expect(retryDelayMs(even, attempt + 1, random)).toBeGreaterThanOrEqual(retryDelayMs(even, attempt, random));
      }),
    );
  });

  test("doubles up to the longest, or stays the same", () => {
    const waits = (policy: RetryPolicy): number[] => [1, 2, 3, 4, 5].map((n) => retryDelayMs(policy, n, 0.9));
    const given = { initial: "1s", max: "6s", jitter: 0 };
    expect(waits(parseRetry(given))).toEqual([1000, 2000, 4000, 6000, 6000]);
    expect(waits(parseRetry({ ...given, backoff: "constant" }))).toEqual([1000, 1000, 1000, 1000, 1000]);
  });

  test("is shorter and longer by the jitter's share, and as written in the middle", () => {
    const policy = parseRetry({ initial: "10s", jitter: 0.2 });
    expect([0, 0.5, 0.75].map((random) => retryDelayMs(policy, 1, random))).toEqual([8000, 10_000, 11_000]);
  });
});

describe("isWorthRetry()", () => {
  test("goes by the codes that the policy names, of which one is enough", () => {
    const policy = parseRetry({ on: [75, "FETCH_TIMEOUT"] });
    expect(isWorthRetry(policy, [75])).toBe(true);
    expect(isWorthRetry(policy, [1, "FETCH_TIMEOUT"])).toBe(true);
    expect(isWorthRetry(policy, ["75"])).toBe(false);
    expect(isWorthRetry(policy, [])).toBe(false);
  });

  test("goes by what is usual where the policy names none", () => {
    expect(isWorthRetry(parseRetry(3), [1])).toBe(true);
    expect(isWorthRetry(parseRetry(3), [404], false)).toBe(false);
  });
});
