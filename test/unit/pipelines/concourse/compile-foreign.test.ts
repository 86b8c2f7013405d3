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
  [
    "keys with nothing behind them, and no limit written as 0",
    `
groups:
resource_types:
resources: [{ name: app, type: mock, check_every: , tags: , source: }]
jobs:
  - name: a
    serial_groups:
    build_log_retention:
    max_in_flight: 0
    plan:
      - { get: app, passed: , params: , trigger: , tags: }
      - in_parallel:
          limit: 0
          fail_fast:
          steps:
            - task: t
              input_mapping:
              vars:
              params:
              config:
                platform: linux
                inputs:
                outputs:
                caches:
                params:
                image_resource:
                run: { path: echo, args: , dir: }
      - { put: app, inputs: , params: , get_params: }`,
    [],
  ],
  [
    "a mapping of what the task does not have, and inputs with one folder",
    `
resources: [{ name: app, type: mock }, { name: lib, type: mock }]
jobs:
  - name: a
    plan:
      - get: app
      - get: lib
      - task: t
        input_mapping: { ap: app }
        output_mapping: { out: built }
        config:
          platform: linux
          inputs: [{ name: app }, { name: lib, path: app/ }]
          run: { path: echo }`,
    [
      "9:26 jobs[0].plan[2].input_mapping.ap is no input of the task",
      "10:27 jobs[0].plan[2].output_mapping.out is no output of the task",
      '13:48 jobs[0].plan[2].config.inputs[1].path is the folder of the input "app" too, which is not seen then',
    ],
  ],
])("%s", (_, text, expected) => {
  const compiled = compilePipeline({ file: "ci.yml", text: `${text}\n`, runtime: "" });
  const told = compiled.ok ? compiled.warnings : compiled.problems;
  expect(told.map(({ place, message }) => `${place.join(":")} ${message}`)).toEqual(expected);
  expect(compiled.ok).toBe(true);
});

test("passed may say with a pattern which jobs it means", () => {
  const gets = ["unit-a", "unit-b", "lint", "unit"].map((name) => `{ name: ${name}, plan: [{ get: app }] }`);
  const passed = (list: string): readonly string[] | string => {
    const jobs = [...gets, `{ name: ship, plan: [{ get: app, passed: ${list} }] }`];
    const text = `resources: [{ name: app, type: mock }]\njobs:\n${jobs.map((job) => `  - ${job}\n`).join("")}`;
    const compiled = compilePipeline({ file: "ci.yml", text, runtime: "" });
    if (!compiled.ok) return compiled.problems.map(({ message, hint }) => `${message} (${hint})`).join("; ");
    return compiled.plan.jobs.at(-1)?.needs ?? [];
  };
  expect(passed(`["unit-*", lint]`)).toEqual(["unit-a", "unit-b", "lint"]);
  expect(passed(`[unit-a, "unit-?"]`)).toEqual(["unit-a", "unit-b"]);
  expect(passed(`["{lint,unit}"]`)).toEqual(["lint", "unit"]);
  expect(passed(`["unit-[!a]"]`)).toEqual(["unit-b"]);
  expect(passed(`["test-*"]`)).toEqual(
    `jobs[4].plan[0].passed[0] fits no job: the text "test-*" (it has: unit-a, unit-b, lint, unit, ship)`,
  );
});

test("a task may name its image and variables as in PocketCI", () => {
  const config = `{ platform: linux, image: "golang:1.22", env: { A: 1 }, params: { B: 2 }, run: { path: echo } }`;
  const text = `jobs: [{ name: a, plan: [{ task: t, config: ${config} }] }]`;
  const compiled = compilePipeline({ file: "ci.yml", text, runtime: "" });
  if (!compiled.ok) throw new Error(compiled.problems.map(({ message }) => message).join("; "));
  const [step] = compiled.plan.jobs[0]?.plan ?? [];
  expect(step).toMatchObject({ config: { image: { repository: "golang:1.22" }, params: { A: 1, B: 2 } } });
});

test("the image of the mock resource is a task's image too", () => {
  const image = `{ type: mock, source: { mirror_self: true, log: hello } }`;
  const text = `jobs: [{ name: a, plan: [{ task: t, config: { platform: linux, image_resource: ${image}, run: { path: echo } } }] }]`;
  const compiled = compilePipeline({ file: "ci.yml", text, runtime: "" });
  if (!compiled.ok) throw new Error(compiled.problems.map(({ message }) => message).join("; "));
  const [step] = compiled.plan.jobs[0]?.plan ?? [];
  expect(step).toMatchObject({ config: { image: { repository: "concourse/mock-resource" } } });
});
