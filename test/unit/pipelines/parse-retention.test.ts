// `retention` of a config: whole numbers from 1, and nothing else.

import { expect, test } from "bun:test";
import { parsePipelineConfig } from "../../../src/pipelines/parse-pipeline-config.ts";

test("what is said is taken as it is", () => {
  const retention = { runs: 100, days: 30, minSucceeded: 1 };
  expect(parsePipelineConfig({ retention })).toMatchObject({ ok: true, config: { retention } });
  expect(parsePipelineConfig({ retention: { days: 3 } })).toMatchObject({
    ok: true,
    config: { retention: { days: 3 } },
  });
});

test.each([
  [{ runs: 0 }, "config.retention.runs must be a whole number from 1, not the number 0"],
  [{ days: 1.5 }, "config.retention.days must be a whole number from 1, not the number 1.5"],
  [{ minSucceeded: "1" }, "config.retention.minSucceeded must be a whole number from 1"],
  [{ builds: 3 }, "config.retention.builds is unknown"],
  ["30d", "config.retention must be"],
])("%j is told", (retention, message) => {
  const parsed = parsePipelineConfig({ retention });
  expect(parsed.ok ? [] : parsed.problems.map((each) => each.message)).toEqual([expect.stringContaining(message)]);
});
