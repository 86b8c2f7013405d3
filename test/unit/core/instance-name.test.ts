// Each set of instance vars has an id of its own, which an upload may have.

import { expect, test } from "bun:test";
import { instanceName } from "../../../src/core/instance-name.ts";
import type { JsonValue } from "../../../src/core/json.ts";
import { checkUploadId } from "../../../src/pipelines/pipelines.ts";

test.each<[Readonly<Record<string, JsonValue>>, string]>([
  [{ branch: "main" }, "app/branch-main"],
  [{ branch: "feature-x", number: 7 }, "app/branch-feature-x.number-7"],
  [{ number: 7, branch: "feature-x" }, "app/branch-feature-x.number-7"],
])("%j is readable", (vars, expected) => {
  expect(instanceName("app", vars)).toBe(expected);
});

test("sets of values that look alike are different pipelines, each with an id that there may be", () => {
  const sets: readonly Readonly<Record<string, JsonValue>>[] = [
    { a: "b" },
    { a: "B" },
    { a: "1" },
    { a: 1 },
    { a: -1 },
    { a: true },
    { a: "true" },
    { a: null },
    { a: "null" },
    { "a-b": "c" },
    { a: "b-c" },
    { a: "x", b: "y" },
    { a: "x.b-y" },
    { a: "../../etc" },
    { a: "/" },
    { a: "\\" },
    { a: "x.ts" },
    { a: "x.yml" },
    { a: "" },
    { "": "" },
    { ü: "💥" },
    { a: { b: ["c"] } },
    { a: "x".repeat(5000) },
    { a: `${"x".repeat(5000)}y` },
  ];
  const names = sets.map((vars) => instanceName("app", vars));
  expect(new Set(names).size).toBe(sets.length);
  for (const name of names) {
    expect(() => checkUploadId(name)).not.toThrow();
    expect(name.split("/")).toHaveLength(2);
  }
});
