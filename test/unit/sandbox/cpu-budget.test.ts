// How much a guest may compute, with a clock and a CPU that the test owns.

import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { CpuBudget } from "../../../src/sandbox/process/cpu-budget.ts";

let wallMs = 0;
let cpuMs = 0;
let cpuLooks = 0;
let clock: ReturnType<typeof spyOn<Performance, "now">>;
beforeEach(() => {
  [wallMs, cpuMs, cpuLooks] = [1000, 50, 0];
  clock = spyOn(performance, "now").mockImplementation(() => wallMs);
});
afterEach(() => clock.mockRestore());

/** Per delivery 100 ms, in all 250 ms. */
function createBudget(usedMs = 0): CpuBudget {
  return new CpuBudget(100, 250, usedMs, () => {
    cpuLooks++;
    return cpuMs;
  });
}

/** The guest computes, and looks at its budget every millisecond; returns what the budget says in the end. */
function compute(budget: CpuBudget, ms: number, share = 1): string | null {
  let exceeded: string | null = null;
  for (let count = 0; count < ms && exceeded === null; count++) {
    wallMs += 1;
    cpuMs += share;
    exceeded = budget.exceeded();
  }
  return exceeded;
}

describe("CpuBudget", () => {
  test("lets a delivery compute up to its limit, and not much beyond it", () => {
    const budget = createBudget();
    budget.begin(true);
    expect(compute(budget, 100)).toBeNull();
    expect(compute(budget, 10)).toBe("the script computed for over 0.1 s without waiting");
  });

  test("begins anew with each delivery", () => {
    const budget = createBudget();
    for (let count = 0; count < 2; count++) {
      budget.begin(true);
      expect(compute(budget, 90)).toBeNull();
      budget.end();
    }
  });

  test("adds up the deliveries", () => {
    const budget = createBudget();
    for (let count = 0; count < 2; count++) {
      budget.begin(true);
      compute(budget, 90);
      budget.end();
    }
    budget.begin(true);
    expect(compute(budget, 65)).toBeNull();
    expect(compute(budget, 15)).toBe("the run used over 0.25 s of CPU in all");
  });

  test("takes over what an earlier placement used", () => {
    const budget = createBudget(240);
    budget.begin(true);
    expect(compute(budget, 20)).toContain("in all");
  });

  test("a replayed delivery neither counts nor ends by the total, but has its own limit", () => {
    const budget = createBudget(249);
    for (let count = 0; count < 5; count++) {
      budget.begin(false);
      expect(compute(budget, 90)).toBeNull();
      budget.end();
    }
    budget.begin(false);
    expect(compute(budget, 120)).toContain("without waiting");
    const fresh = createBudget();
    for (let count = 0; count < 5; count++) {
      fresh.begin(false);
      compute(fresh, 90);
      fresh.end();
    }
    fresh.begin(true);
    expect(compute(fresh, 90)).toBeNull();
  });

  test("a guest that is kept from its CPU is not blamed for the wall time", () => {
    const budget = createBudget();
    budget.begin(true);
    expect(compute(budget, 1500, 0.05)).toBeNull();
    expect(budget.deliveryMs).toBeLessThan(100);
  });

  test("a short delivery costs no look at the CPU, a long one at most one in five milliseconds", () => {
    const budget = createBudget();
    budget.begin(true);
    compute(budget, 4);
    for (let count = 0; count < 1000; count++) budget.exceeded();
    expect(cpuLooks).toBe(0);
    expect(budget.deliveryMs).toBe(4);
    compute(budget, 50);
    expect(cpuLooks).toBeLessThanOrEqual(12);
  });
});
