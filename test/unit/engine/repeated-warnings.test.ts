// Warnings that anybody can cause: told at once, then one line in a while for all.

import { expect, test } from "bun:test";
import { RepeatedWarnings } from "../../../src/engine/repeated-warnings.ts";
import { ManualClock } from "./manual-clock.ts";

test("the same warning is told once in ten seconds, with how many were not", async () => {
  const clock = new ManualClock();
  const lines: unknown[] = [];
  const warnings = new RepeatedWarnings({ warn: (message, fields) => lines.push([message, fields]) }, clock);
  const warn = (pipeline: string, reason: string): void => warnings.warn("refused", { pipeline, reason });
  for (let count = 0; count < 5; count++) warn("a", "no signature");
  warn("a", "too old");
  warn("b", "no signature");
  expect(lines).toHaveLength(3);
  await clock.advance(10_000);
  warn("a", "no signature");
  warn("a", "too old");
  expect(lines.slice(3)).toEqual([
    ["refused", { pipeline: "a", reason: "no signature", more: 4 }],
    ["refused", { pipeline: "a", reason: "too old", more: undefined }],
  ]);
});
