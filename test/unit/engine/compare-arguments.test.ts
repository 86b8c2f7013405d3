import { expect, test } from "bun:test";
import type { JsonValue } from "../../../src/core/json.ts";
import { compareValues } from "../../../src/engine/replay/compare-arguments.ts";

test.each<[JsonValue | undefined, JsonValue | undefined, unknown]>([
  [{ a: 1 }, { a: 1 }, []],
  [1, 2, [{ field: "", recorded: 1, now: 2 }]],
  [undefined, null, [{ field: "", now: null }]],
  [
    { command: { path: "x", args: ["a", "b"] }, env: { A: "1" } },
    { command: { path: "x", args: ["a", "c", "d"] }, env: { B: "1" } },
    [
      { field: "command.args[1]", recorded: "b", now: "c" },
      { field: "command.args[2]", now: "d" },
      { field: "env.A", recorded: "1" },
      { field: "env.B", now: "1" },
    ],
  ],
  [{ a: [] }, { a: {} }, [{ field: "a", recorded: [], now: {} }]],
  [{ a: "x" }, { a: { b: "x" } }, [{ field: "a", recorded: "x", now: { b: "x" } }]],
])("%j and %j differ in %j", (recorded, now, changes) => {
  expect(compareValues(recorded, now)).toEqual(changes as never);
});

test("no more than ten differences are told", () => {
  const list = (from: number): JsonValue => Array.from({ length: 50 }, (_, index) => from + index);
  expect(compareValues(list(0), list(1))).toHaveLength(10);
});
