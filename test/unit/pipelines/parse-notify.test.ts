// `notify`: what is accepted, and what each problem says.

import { expect, test } from "bun:test";
import { configOf, problemsOf } from "./problems-of.ts";

test.each([
  [{ on: ["failed", "recovered"], to: "ops" }, [{ on: ["failed", "recovered"], to: ["ops"] }]],
  [{ on: "failed", to: ["ops", "me", "ops"] }, [{ on: ["failed"], to: ["ops", "me"] }]],
  [
    [
      { on: ["succeeded", "cancelled", "timed_out", "skipped", "approval"], to: "a" },
      { on: "failed", to: "b" },
    ],
    [
      { on: ["succeeded", "cancelled", "timed_out", "skipped", "approval"], to: ["a"] },
      { on: ["failed"], to: ["b"] },
    ],
  ],
])("notify may be %j", (notify, expected) => {
  expect(configOf({ notify }).notify).toEqual(expected as never);
});

test.each([
  ["ops", "config.notify", "must be an object", "{ on:"],
  [[], "config.notify", "not a list of 0", "{ on:"],
  [{ to: "ops" }, "config.notify.on", "must say when", "known are succeeded"],
  [{ on: [], to: "ops" }, "config.notify.on", "must say when", "known are succeeded"],
  [{ on: "faild", to: "ops" }, "config.notify.on", '"faild"', 'did you mean "failed"?'],
  [{ on: "failed" }, "config.notify.to", "must name targets of runner.toml, not undefined", "write"],
  [{ on: "failed", to: "two words" }, "config.notify.to", '"two words"', "write"],
  [{ on: "failed", to: "ops", when: "x" }, "config.notify.when", "is unknown", "known here"],
  [[{ on: "failed", to: "ops" }, 1], "config.notify[1]", "must be an object", "{ on:"],
])("notify %j is refused at %s", (notify, field, message, hint) => {
  const problems = problemsOf({ notify });
  expect(problems.map((problem) => problem.field)).toEqual([field]);
  expect(problems[0]?.message).toContain(message);
  expect(problems[0]?.hint).toContain(hint);
});
