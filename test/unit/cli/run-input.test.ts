// The input of a run from its flags.

import { expect, test } from "bun:test";
import { parseInput } from "../../../src/cli/run-input.ts";

test("values are texts by --param and --var, and data by --yaml-var", () => {
  const flags = { param: ["a=1"], var: ["b=x=y"], yamlVar: ["c=[80, on, {k: null}]", "d=2026-01-02", "e="] };
  expect(parseInput({ ...flags, job: ["build", "test"] })).toEqual({
    params: { a: "1", b: "x=y", c: [80, "on", { k: null }], d: "2026-01-02", e: null },
    args: [],
    jobs: ["build", "test"],
  });
});

test.each([
  [{ param: ["a=1"], var: ["a=2"] }, '--var "a" is given twice'],
  [{ var: ["a=1"], yamlVar: ["a=1"] }, '--yaml-var "a" is given twice'],
  [{ var: ["a"] }, '--var "a" has no name and value'],
  [{ yamlVar: ["a=[1"] }, '--yaml-var "a" is no YAML'],
])("%p is refused", (flags, message) => {
  expect(() => parseInput(flags)).toThrow(message);
});
