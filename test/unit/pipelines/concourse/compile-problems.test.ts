// What is said of a file that cannot be in force: the place, what stands there, and what to write instead.

import { expect, test } from "bun:test";
import { compilePipeline } from "../../../../src/pipelines/concourse/concourse.ts";

const task = `{ task: t, config: { platform: linux, run: { path: echo } } }`;

test.each([
  [
    `resorces: [{ name: app, type: mock }]\njobs: [{ name: a, plan: [{ get: app }] }]`,
    [
      `2:28 jobs[0].plan[0].get names the resource "app", which is not there (did you mean "resources" where it says "resorces"?)`,
    ],
  ],
  [
    `jobs: [{ name: a, plan: [{ get: app }] }]`,
    [`1:28 jobs[0].plan[0].get names the resource "app", which is not there (the file has no resources)`],
  ],
  [
    `jobs:\n  - { name: a, plan: [${task}] }\n  - { name: a, plan: [${task}] }`,
    [`3:7 jobs[1].name names the job "a" a second time (give one of them another name)`],
  ],
  [
    `jobs: [{ name: a, serial: yes, public: off, plan: [${task}] }]`,
    [
      `1:19 jobs[0].serial must be true or false, not the text "yes" (write true)`,
      `1:32 jobs[0].public must be true or false, not the text "off" (write false)`,
    ],
  ],
  [
    `jobs: [{ name: a, serial: perhaps, plan: [${task}] }]`,
    [`1:19 jobs[0].serial must be true or false, not the text "perhaps" (null)`],
  ],
  [
    `jobs: [{ name: a, plan: [{ notify: , message: x }] }]`,
    [
      `1:28 jobs[0].plan[0].notify must be a text or a list of texts, not null (write the name of a target: notify: team)`,
    ],
  ],
  [
    `resources: [{ name: r, type: time, source: { interval: 5 minutes } }]\njobs: [{ name: a, plan: [{ get: r }] }]`,
    [`1:46 resources[0].source.interval must be a duration, as "90s", "5m" or "1h30m": the text "5 minutes" (null)`],
  ],
  [
    `jobs: [{ name: a, timeout: 10, plan: [${task}] }]`,
    [`1:19 jobs[0].timeout must be a duration, not the number 10 (write for example "90s", "5m" or "1h30m")`],
  ],
  [
    `jobs: [{ name: a, plan: [{ task: t, image: alpine, config: { platform: linux, run: { path: echo } } }] }]`,
    [
      `1:37 jobs[0].plan[0].image needs the artifact "alpine", which no step before it makes (one of a registry is named so: config: { image_resource: { type: registry-image, source: { repository: alpine } } })`,
    ],
  ],
  [
    `jobs: [{ name: a, plan: [{ task: t, config: { platform: linux, run: { path: id, user: root } } }] }]`,
    [
      `1:81 jobs[0].plan[0].config.run.user has a meaning only for a container (give the task an image_resource, or leave it out)`,
    ],
  ],
  [
    `jobs: [{ name: a, plan: [{ run: greet, type: proto }, { task: t, run: { path: echo } }] }]`,
    [
      `1:28 jobs[0].plan[0].run is not supported (it is a step of a prototype: do it in a task)`,
      `1:55 jobs[0].plan[1] has neither config nor file (write config: with platform and run, or file: artifact/task.yml)`,
      `1:66 jobs[0].plan[1].run is unknown (did you mean "put"?)`,
    ],
  ],
  [
    `jobs: [{ name: , plan: [{ task: , config: { platform: linux, run: { path: echo } } }, { get: a, ensure: }] }]`,
    [
      `1:10 jobs[0].name is missing (null)`,
      `1:27 jobs[0].plan[0].task must be a text, not null (null)`,
      `1:89 jobs[0].plan[1].get names the resource "a", which is not there (the file has no resources)`,
      `1:97 jobs[0].plan[1].ensure must be an object, not null (write - task: build, with a config)`,
    ],
  ],
  [
    `resources: [{ name: r, type: mock }]
jobs:
  - name: a
    plan:
      - get: r
      - { across: [{ var: v, values: [1] }], do: [{ load_var: v, file: r/x }] }
      - { load_var: w, file: r/x }
      - { across: [{ var: x, values: [1] }], load_var: w, file: r/x }
      - { load_var: w, file: r/x }`,
    [
      `6:53 jobs[0].plan[1].do[0].load_var names the var "v" a second time in this job (null)`,
      `9:11 jobs[0].plan[4].load_var names the var "w" a second time in this job (null)`,
    ],
  ],
  [
    `resources: [{ name: r, type: s3, source: { bucket: b } }]
jobs:
  - name: a
    plan:
      - { get: r, params: { unpack: true } }
      - { put: r, params: { file: r/x }, get_params: { skip_download: true } }
      - task: t
        config: { platform: linux, image_resource: { type: s3, source: { bucket: b } }, run: { path: echo } }`,
    [
      `1:24 resources[0].type is not supported: the text "s3" (known are git, time, mock; do the rest in a task)`,
      `8:54 jobs[0].plan[2].config.image_resource.type must be registry-image, not the text "s3" (write { type: registry-image, source: { repository: alpine } })`,
    ],
  ],
  [
    `jobs: [{ name: a, plan: [{ task: t, config: { platform: linux, image_resource: { type: mock, source: { } }, run: { path: echo } } }] }]`,
    [
      `1:94 jobs[0].plan[0].config.image_resource.source.mirror_self must be true (the image of a mock resource is its own)`,
    ],
  ],
  [
    `jobs:
  - name: a
    plan:
      - task: t
        config:
          platform: linux
          image: [x]
          image_resource: { type: mock, source: { mirror_self: true } }
          env: text
          run: { path: echo }`,
    [
      `7:11 jobs[0].plan[0].config.image must be a text, not a list (write image: alpine:3)`,
      `7:11 jobs[0].plan[0].config.image cannot stand beside image_resource (keep one)`,
      `9:11 jobs[0].plan[0].config.env must be an object, not the text "text" (write NAME: value)`,
    ],
  ],
  [
    `jobs: [{ name: a, plan: [{ notify: x, message: y, message_file: a/b }, { notify: x }] }]`,
    [
      `1:51 jobs[0].plan[0].message_file cannot stand beside message (keep one)`,
      `1:51 jobs[0].plan[0].message_file needs the artifact "a", which no step before it makes (get it, or make it the output of a task before; no step before it makes any)`,
      `1:72 jobs[0].plan[1].message is missing (null)`,
    ],
  ],
  [
    `resources: [{ name: r, type: git, source: { uri: {{uri}} } }]\njobs: [{ name: a, plan: [{ get: r }] }]`,
    [`1:51 the YAML cannot be read: a key must be a text, a number or a boolean; a var is written ((name)) (null)`],
  ],
])("%s", (text, expected) => {
  const compiled = compilePipeline({ file: "ci.yml", text: `${text}\n`, runtime: "" });
  if (compiled.ok) throw new Error("it compiles");
  expect(compiled.problems.map(({ place, message, hint }) => `${place.join(":")} ${message} (${hint})`)).toEqual(
    expected,
  );
});

test("of very many problems the first are listed, and the number of the others is told", () => {
  const jobs = Array.from({ length: 60 }, (_, index) => `  - { name: j${index}, serial: 1, plan: [${task}] }\n`);
  const compiled = compilePipeline({ file: "ci.yml", text: `jobs:\n${jobs.join("")}`, runtime: "" });
  const problems = compiled.ok ? [] : compiled.problems;
  expect(problems).toHaveLength(51);
  expect(problems.at(-1)).toEqual({ place: [52, 18], message: "more problems from here on: 10", hint: null });
});
