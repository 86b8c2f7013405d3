// `after`: what is accepted, and what each problem says.

import { expect, test } from "bun:test";
import { configOf, problemsOf } from "./problems-of.ts";

test.each([
  [{ pipeline: "build" }, [{ pipeline: "build", statuses: ["succeeded"] }]],
  [{ pipeline: "build", status: "failed" }, [{ pipeline: "build", statuses: ["failed"] }]],
  [
    [{ pipeline: "build", status: ["failed", "timed_out", "failed"] }, { pipeline: "home/backup" }],
    [
      { pipeline: "build", statuses: ["failed", "timed_out"] },
      { pipeline: "home/backup", statuses: ["succeeded"] },
    ],
  ],
])("after may be %j", (after, expected) => {
  expect(configOf({ after }).after).toEqual(expected as never);
});

test.each([
  ["build", "config.after", "must be an object", "{ pipeline:"],
  [[], "config.after", "not a list of 0", "{ pipeline:"],
  [{}, "config.after.pipeline", "must be the id of a pipeline, not undefined", "without the extension"],
  [{ pipeline: "" }, "config.after.pipeline", 'not the text ""', "without the extension"],
  [{ pipeline: "b", status: "suceeded" }, "config.after.status", '"suceeded"', 'did you mean "succeeded"?'],
  [{ pipeline: "b", status: "running" }, "config.after.status", '"running"', "known are succeeded, failed, cancelled"],
  [{ pipeline: "b", status: [] }, "config.after.status", "must name a status", "known are"],
  [{ pipeline: "b", statuses: ["failed"] }, "config.after.statuses", "is unknown", 'did you mean "status"?'],
  [[{ pipeline: "b" }, 1], "config.after[1]", "must be an object", "{ pipeline:"],
])("after %j is refused at %s", (after, field, message, hint) => {
  const problems = problemsOf({ after });
  expect(problems.map((problem) => problem.field)).toEqual([field]);
  expect(problems[0]?.message).toContain(message);
  expect(problems[0]?.hint).toContain(hint);
});
