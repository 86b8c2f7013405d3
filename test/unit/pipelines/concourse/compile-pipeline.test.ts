// What a YAML pipeline is compiled to: the plan, the config beside it, and where things stand in the file.

import { describe, expect, test } from "bun:test";
import { configChecks } from "../../../../src/app/config-checks.ts";
import { compilePipeline, locateYamlField } from "../../../../src/pipelines/concourse/concourse.ts";
import type { JsonObject, Plan } from "../../../../src/pipelines/concourse/plan.ts";
import { compileFile } from "../../../../src/pipelines/pipelines.ts";

const runtime = "async function runPlan(plan) {}\n";

function compile(text: string): { readonly plan: Plan; readonly code: string; readonly config: JsonObject } {
  let config: JsonObject = {};
  const checkConfig = (given: JsonObject): [] => {
    config = given;
    return [];
  };
  const compiled = compilePipeline({ file: "ci.yml", text, runtime, checkConfig });
  if (!compiled.ok) throw new Error(compiled.problems.map(({ message }) => message).join("\n"));
  return { ...compiled, config };
}

const task = "config: { platform: linux, run: { path: echo } }";

describe("a plan", () => {
  test("has steps without short forms, each with its place", () => {
    const { plan } = compile(`jobs:
  - name: a
    plan:
      - try: { task: one, ${task} }
      - in_parallel: [{ task: two, ${task}, timeout: 1h30m, attempts: ((n)) }]
        ensure:
          notify: team
          message: done
`);
    expect(plan.jobs[0]?.at).toEqual([2, 5]);
    expect(plan.jobs[0]?.plan).toMatchObject([
      { type: "try", at: [4, 9], steps: [{ type: "task", name: "one", at: [4, 14] }] },
      {
        type: "in_parallel",
        at: [5, 9],
        steps: [{ type: "task", timeout: "1h30m", attempts: "((n))" }],
        ensure: { type: "notify", to: ["team"], message: "done", at: [7, 11] },
      },
    ]);
  });

  test("has in the source of a resource what the file's own sources of vars say: outside of runs nobody knows them", () => {
    const { plan, config } =
      compile(`var_sources: [{ name: fixed, type: dummy, config: { vars: { git: { host: lan } } } }]
resources: [{ name: r, type: git, source: { uri: "https://((fixed:git.host))/((name))", branch: ((secret:fixed)) } }]
jobs: [{ name: a, plan: [{ get: r }] }]
`);
    const source = { uri: "https://lan/((name))", branch: "((secret:fixed))" };
    expect([plan.resources[0]?.source, config["resources"]]).toEqual([source, [expect.objectContaining({ source })]]);
  });

  test("has for needs the jobs named by passed, wherever the get stands", () => {
    const { plan, config } = compile(`resources: [{ name: r, type: mock }, { name: s, type: mock }]
jobs:
  - { name: a, plan: [{ get: r }] }
  - { name: b, plan: [{ put: r }] }
  - name: c
    plan:
      - do: [{ in_parallel: [{ get: r, passed: [a, b], trigger: true }, { get: again, resource: r, passed: [a] }] }]
      - { get: s, trigger: true, version: every }
  - { name: d, plan: [{ get: r, passed: [b] }, { get: s, trigger: true, version: { version: pinned } }] }
`);
    expect(plan.jobs.map(({ needs }) => needs)).toEqual([[], [], ["a", "b"], ["b"]]);
    expect(config["jobs"]).toEqual([
      { name: "a", needs: [], follows: [] },
      { name: "b", needs: [], follows: [] },
      { name: "c", needs: ["a", "b"], follows: [["a", "b"]] },
      { name: "d", needs: ["b"], follows: [] },
    ]);
    expect(config["resources"]).toMatchObject([
      { name: "r", triggers: [], checkEvery: "1m" },
      { name: "s", triggers: [{ job: "c", mode: "every" }] },
    ]);
  });

  test("has intervals as durations, and the digest of an image wherever it stands", () => {
    const image = "image_resource: { type: registry-image, source: { repository: a, digest: 'sha256:1' } }";
    const { plan, config } =
      compile(`resources: [{ name: r, type: mock, check_every: 90s }, { name: s, type: mock, check_every: never }]
jobs: [{ name: a, plan: [{ get: r }, { task: t, config: { platform: linux, ${image}, run: { path: sh } } }] }]
`);
    expect(config["resources"]).toMatchObject([{ checkEvery: "90s" }, { checkEvery: "never" }]);
    expect(plan.jobs[0]?.plan[1]).toMatchObject({ config: { image: { repository: "a", digest: "sha256:1" } } });
  });

  test("takes serial for a max_in_flight of 1", () => {
    const { plan } = compile(`jobs:
  - { name: a, serial: true, plan: [{ task: t, ${task} }] }
  - { name: b, serial: true, serial_groups: [g, g], plan: [{ task: t, ${task} }] }
  - { name: c, max_in_flight: 2, plan: [{ task: t, ${task} }] }
  - { name: d, max_in_flight: 2, serial: true, serial_groups: [], plan: [{ task: t, ${task} }] }
`);
    expect(plan.jobs.map(({ serialGroups, maxInFlight }) => [serialGroups, maxInFlight])).toEqual([
      [undefined, 1],
      [["g"], 1],
      [undefined, 2],
      [undefined, 1],
    ]);
  });

  test("names each var that is looked up outside of the file once, where it is first", () => {
    const { plan, config } = compile(`var_sources: [{ name: fixed, type: dummy, config: { vars: { a: 1 } } }]
jobs:
  - name: a
    plan:
      - task: t
        params: { A: "((db.user)) ((db.password)) ((fixed:a))", B: ((secret:key)) }
        ${task}
      - { task: u, params: { C: ((db)) }, ${task} }
`);
    expect(plan.vars).toEqual([
      { name: "db", secret: "secret:db", at: [6, 19] },
      { name: "key", secret: "secret:key", at: [6, 65] },
    ]);
    expect(config["params"]).toEqual({ db: { type: "any" } });
    const own = compile(`config: { params: { db: { type: string } } }
jobs: [{ name: a, plan: [{ task: t, params: { A: ((db)), B: (("no.param")), C: ((other)) }, ${task} }] }]
`);
    expect(own.config["params"]).toEqual({ other: { type: "any" }, db: { type: "string" } });
  });

  test("keeps runs as long as the job that says the most", () => {
    const { config } = compile(`jobs:
  - { name: a, build_log_retention: { builds: 3, days: 9 }, plan: [{ task: t, ${task} }] }
  - { name: b, build_log_retention: { builds: 5, minimum_succeeded_builds: 1 }, plan: [{ task: t, ${task} }] }
`);
    expect(config["retention"]).toEqual({ runs: 5, days: 9, minSucceeded: 1 });
  });
});

describe("what is wrong with a file", () => {
  const problems = (text: string): readonly string[] => {
    const compiled = compilePipeline({ file: "ci.yml", text, runtime });
    return compiled.ok ? [] : compiled.problems.map(({ message }) => message);
  };
  const jobs = (plan: string): string => `resources: [{ name: r, type: mock }]\njobs: [{ name: j, plan: [${plan}] }]\n`;

  test("is told once: what is empty is no more than that", () => {
    expect(problems(jobs('{ get: "" }, { get: "" }, { get: r, passed: [""] }'))).toEqual([
      "jobs[0].plan[0].get must not be empty",
      "jobs[0].plan[1].get must not be empty",
      "jobs[0].plan[2].passed[0] must not be empty",
    ]);
    expect(problems(`jobs: [{ name: "", plan: [{ gate: g }] }, { name: "", plan: [{ gate: g }] }]`)).toHaveLength(2);
  });

  test("is told up to fifty times, and then how much is left", () => {
    const told = problems(jobs(Array.from({ length: 60 }, () => "{ get: x, nothing: 1 }").join(", ")));
    expect([told.length, told.at(-1)]).toEqual([51, "more problems from here on: 129"]);
  });

  test("is that it is too long, told where it is", () => {
    const many = (count: number, what: string): string => Array.from({ length: count }, () => what).join(", ");
    expect(problems(`jobs: [{ name: j, plan: [${many(5002, "{ gate: g }")}] }]`)).toEqual([
      "jobs[0].plan[5000] is one step too many; at most 5000 are allowed",
    ]);
    const jobsOf = Array.from(
      { length: 1001 },
      (_, index) => `{ name: j${String(index)}, plan: [${index === 1000 ? "" : "{ gate: g }"}] }`,
    );
    expect(problems(`jobs: [${jobsOf.join(", ")}]`)).toEqual(["jobs has 1001 jobs; at most 1000 are allowed"]);
  });

  test("are a timeout of nothing, a source of vars that is there twice, and no field beside the one that it looks like", () => {
    expect(problems(jobs("{ gate: g, timeout: 0s }"))).toEqual([
      'jobs[0].plan[0].timeout must be a duration, not the text "0s"',
    ]);
    const source = "{ name: s, type: dummy, config: { vars: {} } }";
    expect(problems(`var_sources: [${source}, ${source}]\n${jobs("{ gate: g }")}`)).toEqual([
      'var_sources[1].name names the source "s" a second time',
    ]);
    const warned = compilePipeline({ file: "ci.yml", text: `group: []\ngroups: []\n${jobs("{ gate: g }")}`, runtime });
    expect(warned.ok && warned.warnings).toEqual([]);
  });

  test("is a warning where only a container has it, and a process goes on without", () => {
    const limits = "container_limits: { memory: 1GB }";
    const text = `jobs:
  - name: a
    plan:
      - { task: t, privileged: true, ${limits}, config: { platform: linux, ${limits}, run: { path: sh } } }
      - { task: u, privileged: false, config: { platform: linux, run: { path: sh } } }
      - { task: v, privileged: true, image: i, config: { platform: linux, run: { path: sh } } }
`.replace(
      "plan:",
      "plan:\n      - { task: make, config: { platform: linux, run: { path: sh }, outputs: [{ name: i }] } }",
    );
    const compiled = compilePipeline({ file: "ci.yml", text, runtime: "" });
    expect(compiled.ok && compiled.warnings.map(({ place, message }) => [...place, message])).toEqual([
      [5, 20, "jobs[0].plan[1].privileged has no effect on a process of this machine"],
      [5, 38, "jobs[0].plan[1].container_limits has no effect on a process of this machine"],
      [5, 100, "jobs[0].plan[1].config.container_limits has no effect on a process of this machine"],
    ]);
  });

  test("is a warning where a task is for another platform, with an image too", () => {
    const task = (name: string, platform: string, more = ""): string =>
      `{ task: ${name}, ${more}config: { platform: ${platform}, run: { path: sh }, outputs: [{ name: i }] } }`;
    const text = `jobs:
  - name: a
    plan:
      - ${task("t", "linux")}
      - ${task("u", "windows")}
      - ${task("v", "darwin", "image: i, ")}
      - ${task("w", "((on))")}
`;
    const compiled = compilePipeline({ file: "ci.yml", text, runtime: "" });
    const message = (at: number, name: string): string =>
      `jobs[0].plan[${at}].config.platform is the text "${name}", and the task runs on this machine of Linux all the same`;
    expect(compiled.ok && compiled.warnings.map(({ place, message: told }) => [...place, told])).toEqual([
      [5, 30, message(1, "windows")],
      [6, 40, message(2, "darwin")],
    ]);
  });

  test("are fields out of place, and values that mean nothing there", () => {
    const of = (more: string, step = ""): readonly string[] =>
      problems(jobs(`{ task: t, config: { platform: linux, run: { path: sh }${more} }${step} }`)).map((message) =>
        message.replace("jobs[0].plan[0].", ""),
      );
    expect(of("", ", fail_fast: true")).toEqual(["fail_fast is unknown"]);
    expect(of(', inputs: [{ name: "a((x))", optional: true }]')).toEqual([
      'config.inputs[0].name must be a plain name, not the text "a((x))"',
    ]);
    expect(of(", container_limits: { cpu: -1, memory: -1 }")).toEqual([
      "config.container_limits.cpu must be a number of shares, not the number -1",
      "config.container_limits.memory must be a size, not the number -1",
    ]);
    expect(of("", ", assert: { code: 1.5 }")).toEqual(["assert.code must be an exit code, not the number 1.5"]);
    expect(problems(jobs("{ load_var: v, file: gone/((x)).json }"))).toEqual([
      'jobs[0].plan[0].file needs the artifact "gone", which no step before it makes',
    ]);
  });

  test("is a circle of jobs without those beside it", () => {
    const get = (...passed: readonly string[]): string => `[{ get: r, passed: [${passed.join(", ")}] }]`;
    expect(
      problems(`resources: [{ name: r, type: mock }]
jobs:
  - { name: a, plan: ${get("x", "b")} }
  - { name: x, plan: [{ get: r }] }
  - { name: b, plan: ${get("a")} }
`),
    ).toEqual(["jobs[0].name waits for itself: a → b → a"]);
  });

  test("are vars of groups that nobody sets, not those of the steps inside, nor double parentheses of a shell", () => {
    const inner = `{ across: [{ var: v, values: [1] }], task: "t((.:v))", ${task} }`;
    expect(problems(jobs(`{ in_parallel: { limit: ((.:l)), fail_fast: ((.:f)), steps: [${inner}] } }`))).toEqual([
      "jobs[0].plan[0].in_parallel.limit has ((.:l)), which nothing before it sets",
      "jobs[0].plan[0].in_parallel.fail_fast has ((.:f)), which nothing before it sets",
    ]);
    const shell = 'config: { platform: linux, run: { path: sh, args: [-c, "((x = 1\\n+ 2))"] } }';
    expect(problems(jobs(`{ task: t, ${shell} }`))).toEqual([]);
  });
});

test("the script holds what the file says as it is, whatever that is", () => {
  const text = `jobs: [{ name: a, plan: [{ task: t, params: { __proto__: "\\u2028*/\`\${x}\`</script>" }, ${task} }] }]\n`;
  const { code, plan } = compile(text);
  const read = new Function(`${code.replaceAll("export const", "const")}; return plan;`) as () => unknown;
  expect(JSON.stringify(read())).toBe(JSON.stringify(plan));
});

test("a name of a file cannot end the comment that it stands in", () => {
  const text = `jobs: [{ name: a, plan: [{ task: t, ${task} }] }]\n`;
  const compiled = compilePipeline({ file: "a\nthrow 1;.yml", text, runtime });
  expect(compiled.ok && compiled.code.split("\n")[0]).toBe("// Compiled from a throw 1;.yml.");
});

test("a field is where its key stands, through aliases and merge keys, or the nearest above it", () => {
  const text = `base: &base
  timeout: 5m
config:
  <<: *base
  webhook: { secret: x }
  notify:
    - to: [a,
        b]
`;
  const find = (field: string): unknown => locateYamlField(text, field);
  expect(find("config.timeout")).toEqual([2, 3]);
  expect(find("config.webhook.secret")).toEqual([5, 14]);
  expect(find("config.webhook.nothing")).toEqual([5, 3]);
  expect(find("config.notify[0].to[1]")).toEqual([8, 9]);
  expect(find("elsewhere")).toEqual([1, 1]);
  expect(locateYamlField("a: [", "a")).toBeNull();
});

test("a file may have some hundred vars", () => {
  const args = Array.from({ length: 900 }, (_, index) => `((v${String(index)}))`).join();
  const text = `jobs: [{ name: a, plan: [{ task: t, config: { platform: linux, run: { path: echo, args: [${args}] } } }] }]`;
  expect(compileFile("ci.yml", text, configChecks).problems).toEqual([]);
});
