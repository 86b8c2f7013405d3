// Whether what failed is tried again, when, and how the log tells it.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { describeRetry, planRetry } from "../../../src/engine/plan-retry.ts";

const failed = { codes: [75], mayPass: true, reason: "exit code 75" };
const even = { attempts: 3, initial: "1s", max: "10s", jitter: 0 };

describe("planRetry()", () => {
  test("plans as many tries as the policy has, and tells why and when", () => {
    const plans = [1, 2, 3, 4].map((failures) => planRetry({ retry: even }, "r.1", failures, failed));
    expect(plans).toEqual([
      { delayMs: 1000, note: "attempt 1 of 3 failed: exit code 75; the next one begins in 1.0 s" },
      { delayMs: 2000, note: "attempt 2 of 3 failed: exit code 75; the next one begins in 2.0 s" },
      null,
      null,
    ]);
  });

  test("plans none without a policy, with null, or with one attempt", () => {
    for (const args of [{}, { retry: null }, { retry: 1 }]) expect(planRetry(args, "r.1", 1, failed)).toBeNull();
  });

  test("plans none for a failure without a code, whatever the options are", () => {
    expect(planRetry({ retry: even }, "r.1", 1, { ...failed, codes: [] })).toBeNull();
    expect(planRetry({ retry: "wrong" }, "r.1", 1, { ...failed, codes: [] })).toBeNull();
  });

  test("goes by the codes of the policy, and by what is usual without them", () => {
    const plan = (on: readonly number[] | null, mayPass: boolean): boolean =>
      planRetry({ retry: { attempts: 2, on: on as number[] | null } }, "r.1", 1, { ...failed, mayPass }) !== null;
    expect([plan([75], false), plan([1], true), plan(null, true), plan(null, false)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  test("waits as long as it is asked to, but not over the longest wait, and not less than without being asked", () => {
    const wait = (askedMs: number): number | undefined =>
      planRetry({ retry: even }, "r.1", 1, { ...failed, askedMs })?.delayMs;
    expect([wait(0), wait(4000), wait(3_600_000)]).toEqual([1000, 4000, 10_000]);
  });

  test("draws the same jitter each time for the same step, and another for another", () => {
    const args = { retry: { attempts: 3, initial: "1h", max: "1h", jitter: 1 } };
    const wait = (stepId: string, failures: number): number | undefined =>
      planRetry(args, stepId, failures, failed)?.delayMs;
    expect(wait("r.1", 1)).toBe(wait("r.1", 1) as number);
    expect(new Set([wait("r.1", 1), wait("r.1", 2), wait("r.2", 1), wait("s.1", 1)]).size).toBe(4);
    fc.assert(
      fc.property(fc.string(), (stepId) => {
        expect(wait(stepId, 1)).toBeWithin(0, 7_200_001);
      }),
    );
  });
});

test("describeRetry() is one line, also for a reason of several", () => {
  expect(describeRetry(1, 2, "first\n  second", 600_000)).toBe(
    "attempt 1 of 2 failed: first second; the next one begins in 10 min 0 s",
  );
});
