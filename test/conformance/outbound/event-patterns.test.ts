// What the seed says of filters and wildcards.

import { expect, test } from "bun:test";
import { matchesEvent } from "../../../src/webhooks/webhooks.ts";
import vectors from "./event-patterns.json" with { type: "json" };

test.each(vectors)("$pattern", ({ pattern, matches = [], not = [] }) => {
  const types = [...matches, ...not];
  expect(types.filter((type) => matchesEvent([pattern], type))).toEqual(matches);
});

test("one of several patterns is enough, and none is none", () => {
  const patterns = ["migration.completed", "migration.failed", "error.escalated"];
  expect(matchesEvent(patterns, "migration.failed")).toBe(true);
  expect(matchesEvent(patterns, "migration.started")).toBe(false);
  expect(matchesEvent([], "migration.failed")).toBe(false);
});
