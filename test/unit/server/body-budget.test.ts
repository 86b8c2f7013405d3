import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { BodyBudget } from "../../../src/server/body-budget.ts";

/** Whether there was room. */
function add(budget: BodyBudget, sender: string | null, bytes: number): boolean {
  try {
    budget.open(sender).add(bytes);
    return true;
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "SERVER_BUSY") return false;
    throw thrown;
  }
}

describe("a sender", () => {
  test.each([
    ["an address", "192.0.2.1", "192.0.2.1", "192.0.2.2"],
    ["networks of one site", "2001:db8:0:1::1", "2001:db8:0:ffff::2", "2001:db8:1::1"],
    ["one of whom a proxy says nothing", "unknown", "unknown", "192.0.2.2"],
  ])("has a quarter: %s", (_what, first, again, other) => {
    const budget = new BodyBudget(400);
    expect([add(budget, first, 60), add(budget, again, 41), add(budget, again, 40), add(budget, first, 1)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(add(budget, other, 100)).toBe(true);
  });

  test.each([null, "127.0.0.1", "::1"])("who may be everybody has the whole: %p", (sender) => {
    const budget = new BodyBudget(400);
    expect([add(budget, sender, 300), add(budget, sender, 100), add(budget, sender, 1)]).toEqual([true, true, false]);
  });

  test("has its share again when its requests are answered", () => {
    const budget = new BodyBudget(400);
    const held = budget.open("192.0.2.1");
    held.add(70);
    held.add(30);
    expect(add(budget, "192.0.2.1", 1)).toBe(false);
    held.release();
    held.release();
    expect([add(budget, "192.0.2.1", 100), add(budget, "192.0.2.1", 1)]).toEqual([true, false]);
  });
});

test("all together have no more than the whole", () => {
  const budget = new BodyBudget(400);
  const senders = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"];
  expect(senders.map((sender) => add(budget, sender, 100))).toEqual([true, true, true, true, false]);
});
