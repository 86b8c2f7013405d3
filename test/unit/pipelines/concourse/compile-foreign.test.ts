// What files written for Concourse have and runner had not thought of: they compile, with a warning where a part of them
// has no effect.

import { expect, test } from "bun:test";
import { compilePipeline } from "../../../../src/pipelines/concourse/concourse.ts";

const task = `{ task: t, config: { platform: linux, run: { path: echo } } }`;

test.each([
  [
    "names with other characters than letters",
    `
resources: [{ name: app @github, type: mock }]
jobs:
  - { name: test-it!, plan: [{ get: app, resource: app @github }] }
  - { name: "build & push (prod)", plan: [{ get: app, resource: app @github, passed: [test-it!] }] }
  - { name: "🚀 deploy #1", plan: [${task}] }`,
    [],
  ],
  [
    "fields that have no effect here",
    `
resources: [{ name: app, type: mock, expose_build_created_by: true }]
jobs:
  - { name: a, plan: [{ get: app }, { task: t, hermetic: true, config: { platform: linux, run: { path: echo } } }] }`,
    ["4:48 jobs[0].plan[1].hermetic has no effect: what a task does has the network of this machine"],
  ],
])("%s", (_, text, expected) => {
  const compiled = compilePipeline({ file: "ci.yml", text: `${text}\n`, runtime: "" });
  const told = compiled.ok ? compiled.warnings : compiled.problems;
  expect(told.map(({ place, message }) => `${place.join(":")} ${message}`)).toEqual(expected);
  expect(compiled.ok).toBe(true);
});
