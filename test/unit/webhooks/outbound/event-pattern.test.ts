import { expect, test } from "bun:test";
import { builtInEventTypes } from "../../../../src/core/event.ts";
import { findUnmatched, isEventPattern } from "../../../../src/webhooks/webhooks.ts";

test("patterns are types, beginnings of types with .*, and * alone", () => {
  for (const pattern of [
    "*",
    "run.*",
    "run.step.*",
    "run.failed",
    "a-b.c_d",
    "Migration.phase.*",
    ...builtInEventTypes,
  ]) {
    expect([pattern, isEventPattern(pattern)]).toEqual([pattern, true]);
  }
  const wrong = [
    "",
    "run",
    "run.",
    ".failed",
    "run..failed",
    "run.*.failed",
    "*.failed",
    "run.f*",
    "**",
    " run.failed",
  ];
  for (const pattern of [...wrong, "run.failed ", "run,failed", "ru n.*", `${"a".repeat(130)}.*`]) {
    expect([pattern, isEventPattern(pattern)]).toEqual([pattern, false]);
  }
});

test("patterns that none of the types would match are found", () => {
  const patterns = ["run.*", "run.fialed", "migration.*", "*", "run.step.completed"];
  expect(findUnmatched(patterns, builtInEventTypes)).toEqual(["run.fialed", "migration.*"]);
  expect(findUnmatched(["*"], [])).toEqual([]);
});
