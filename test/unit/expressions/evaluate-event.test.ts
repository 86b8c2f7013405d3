import { expect, test } from "bun:test";
import { checkEventCondition, evaluateEventCondition } from "../../../src/expressions/expressions.ts";

const event = {
  id: "evt_1",
  type: "run.failed",
  created_at: "2026-02-02T14:45:30.123Z",
  data: { run_id: "r", pipeline: "home/backup", status: "timed_out", duration_ms: 5000, error: null },
  metadata: { environment: "production" },
};

function holds(expression: string): boolean | string {
  const result = evaluateEventCondition(expression, event, () => 0);
  return result.ok ? result.value : result.message;
}

test("a condition asks about the fields of the envelope", () => {
  expect(holds('type == "run.failed" && data.status == "timed_out"')).toBe(true);
  expect(holds('data.pipeline startsWith "home/"')).toBe(true);
  expect(holds("data.duration_ms > 10000")).toBe(false);
  expect(holds('metadata.environment == "production" and id == "evt_1"')).toBe(true);
  expect(holds("date(created_at).Year() == 2026")).toBe(true);
});

test("what an event does not have is nil, and the condition does not fail for it", () => {
  expect(holds('data.error.code == "SCRIPT_ERROR"')).toBe(false);
  expect(holds("data.no.such.field == nil")).toBe(true);
});

test("what is no condition on an event is told with its column", () => {
  expect(checkEventCondition('payload.ref == "x"')).toContain("payload");
  expect(checkEventCondition("data.status ==")).toContain("^");
  expect(checkEventCondition("")).toContain("empty");
  expect(checkEventCondition('data.status == "x"')).toBeNull();
  expect(holds("data.status")).toContain("not true or false");
});

test("the conditions of 1,000 endpoints are compiled once, and not for each event", () => {
  const expressions = Array.from({ length: 1000 }, (_, index) => {
    const terms = Array.from({ length: 30 }, (__, term) => `data.duration_ms != ${index * 100 + term}`);
    return `data.duration_ms > 0 || ${terms.join(" && ")}`;
  });
  const look = (): number => {
    const startedAt = performance.now();
    for (const expression of expressions) expect(holds(expression)).toBe(true);
    return performance.now() - startedAt;
  };
  const first = look();
  // Compiling is most of the work of the first time.
  expect(Math.min(look(), look(), look())).toBeLessThan(first / 3);
});
