// What a task becomes: a process or a container, in a folder of its inputs, outputs and caches, with what it may use.

import { describe, expect, test } from "bun:test";
import type { StepOptions } from "../../../../../src/pipelines/concourse/runtime/script-globals.ts";
import { type Executed, executeYaml } from "./script-bench.ts";

type Given = NonNullable<Parameters<typeof executeYaml>[1]>;

const image = "image_resource: { type: registry-image, source: { repository: alpine } }";
const make = "{ task: make, config: { platform: linux, run: { path: sh }, outputs: [{ name: a }] } }";

/** A task of this config, behind one that makes the artifact `a`. */
async function execute(config: string, more = "", given: Given = {}): Promise<Executed> {
  const task = `{ task: t, config: { platform: linux, ${config} }${more} }`;
  return await executeYaml(`jobs: [{ name: j, plan: [${make}, ${task}] }]`, given);
}

async function stepOf(...args: Parameters<typeof execute>): Promise<StepOptions | undefined> {
  return (await execute(...args)).steps.at(-1);
}

/** What the task has for its own, or sees from elsewhere. */
function paths(step: StepOptions | undefined): Readonly<Record<string, string>> {
  const given = Object.entries(step?.mounts ?? {});
  return Object.fromEntries(given.map(([target, { path, move }]) => [target, move ? `moved ${path}` : path]));
}

describe("the folder of a task", () => {
  const folders = "inputs: [{ name: a, path: ./in//a/ }], outputs: [{ name: b }], caches: [{ path: c/. }]";

  test("has inputs, outputs and caches at their paths, also in a container", async () => {
    const process = await stepOf(`run: { path: sh }, ${folders}`);
    expect([paths(process), process?.workDir]).toEqual([{ "in/a": "moved /v2/a", b: "moved /v3", c: "/v4" }, "/v5"]);
    const container = await stepOf(`run: { path: sh }, ${image}, ${folders}`);
    const root = "/tmp/build/task";
    expect([paths(container), container?.workDir]).toEqual([
      { [`${root}/in/a`]: "/v2/a", [`${root}/b`]: "/v3", [`${root}/c`]: "/v4" },
      root,
    ]);
  });

  test("has an output that is an input too once, and an input in place of all of it", async () => {
    expect(paths(await stepOf("run: { path: sh }, inputs: [{ name: a }], outputs: [{ name: b, path: a }]"))).toEqual({
      a: "moved /v2/a",
    });
    const whole = await stepOf("run: { path: sh }, inputs: [{ name: a, path: . }]");
    expect([paths(whole), whole?.workDir]).toEqual([{}, "/v2/a"]);
    const inside = await stepOf(`run: { path: sh }, ${image}, inputs: [{ name: a, path: . }]`);
    expect(paths(inside)).toEqual({ "/tmp/build/task": "/v2/a" });
  });

  test("has its own those alone that lie in no other: who takes that one next would take them along", async () => {
    const inner = "outputs: [{ name: b, path: a/b }, { name: c, path: cache/c }], caches: [{ path: cache }]";
    expect(paths(await stepOf(`run: { path: sh }, inputs: [{ name: a }], ${inner}`))).toEqual({
      a: "moved /v2/a",
      "a/b": "/v3",
      cache: "/v5",
      "cache/c": "/v4",
    });
    const whole = await stepOf("run: { path: sh }, inputs: [{ name: a, path: . }], outputs: [{ name: b }]");
    expect([paths(whole), whole?.workDir]).toEqual([{ b: "/v3" }, "/v2/a"]);
  });

  test("has none where nothing is its own", async () => {
    const caching = await stepOf("run: { path: sh }, caches: [{ path: c }]");
    expect([paths(caching), caching?.workDir]).toEqual([{ c: "/v3" }, undefined]);
    const cache = await stepOf("run: { path: sh }, caches: [{ path: . }], outputs: [{ name: b }]");
    expect([paths(cache), cache?.workDir]).toEqual([{ b: "/v3" }, "/v4"]);
    const both = await stepOf("run: { path: sh }, caches: [{ path: b }], outputs: [{ name: b }]");
    expect(paths(both)).toEqual({ b: "/v4" });
  });

  test("has an output that could not be moved read where it was", async () => {
    const files = new Proxy<Record<string, string>>(
      {},
      {
        get: (_, path) => {
          if (String(path).startsWith("b/")) throw new Error("leads out");
          return path === "file" ? "read" : undefined;
        },
      },
    );
    const { calls } = await executeYaml(
      `jobs: [{ name: j, plan: [{ task: t, config: { platform: linux, run: { path: sh }, outputs: [{ name: b }] } }, { load_var: v, file: b/file }, { notify: team, message: ((.:v)) }] }]`,
      { files },
    );
    expect(calls).toEqual([JSON.stringify(["notify", { to: ["team"], message: "read" }])]);
  });

  test("is where the next step that takes an output, or reads a file of it, finds it", async () => {
    const read: string[] = [];
    const reading =
      "{ load_var: v, file: b/in/file }, { task: last, config: { platform: linux, run: { path: sh }, inputs: [{ name: b }] } }";
    const { steps } = await executeYaml(
      `jobs: [{ name: j, plan: [${make}, { task: t, config: { platform: linux, run: { path: sh }, inputs: [{ name: a }], outputs: [{ name: b, path: deep/b }] } }, ${reading}] }]`,
      { files: new Proxy({}, { get: (_, path) => (read.push(String(path)), undefined) }) },
    );
    expect(read).toContain("deep/b/in/file");
    expect(paths(steps.at(-1))).toEqual({ b: "moved /v4/deep/b" });
  });

  test("has caches by job and task", async () => {
    const { calls } = await execute("run: { path: sh }, caches: [{ path: ./c }]");
    expect(calls).toEqual([JSON.stringify(["cache", JSON.stringify(["j", "t", "c"])])]);
  });

  test("keeps what a task has made that failed", async () => {
    const hook = ", on_failure: { task: hook, config: { platform: linux, run: { path: sh }, inputs: [{ name: b }] } }";
    const { names } = await execute("run: { path: sh }, outputs: [{ name: b }]", hook, {
      onStep: ({ name }) => (name === "j/t" ? { code: 1 } : undefined),
    });
    expect(names.at(-1)).toBe("j/hook");
  });

  test.each([
    ["path: sh, args: [x]", { path: "sh", args: ["x"] }, { path: "sh", args: ["x"] }],
    ["path: a/run", { path: "a/run", args: [] }, { path: "/tmp/build/task/a/run", args: [] }],
    [
      "path: a/run, dir: ./d/",
      { path: "sh", args: ["-c", expect.stringContaining("cd --"), "./d/", "a/run"] },
      { path: "/tmp/build/task/d/a/run", args: [] },
    ],
  ])("is where { %s } is run", async (run, process, container) => {
    expect((await stepOf(`run: { ${run} }`))?.command).toEqual(process);
    expect((await stepOf(`run: { ${run} }, ${image}`))?.command).toEqual(container);
  });

  test.each([
    ["an output", "outputs: [{ name: o, path: ((p)) }]", "a/../b"],
    ["an output in a container", `outputs: [{ name: o, path: ((p)) }], ${image}`, "../../../etc"],
    ["an input", "inputs: [{ name: a, path: ((p)) }]", ".."],
    ["a cache", "caches: [{ path: ((p)) }]", "/etc"],
  ])("has nothing outside of it: %s, where a var says so", async (_, config, p) => {
    const { names, jobs } = await execute(`run: { path: sh }, ${config}`, "", { params: { p } });
    expect(names).toEqual(["j/make"]);
    expect(jobs["j"]).toBe(`failed: task t: the path ${JSON.stringify(p)} must lie below the task's folder`);
  });

  test("is that of a user in a container", async () => {
    const step = await stepOf(`run: { path: /bin/x, user: nobody }, ${image}`);
    expect(step?.command).toEqual({ path: "/bin/x", args: [], user: "nobody" });
  });

  test("may be anywhere in a container where a var says so", async () => {
    const step = await stepOf(`run: { path: sh, dir: ((dir)) }, ${image}`, "", { params: { dir: "/srv" } });
    expect(step?.workDir).toBe("/srv");
  });
});

describe("the image of a task", () => {
  test.each([
    ["source: { repository: alpine }", "alpine"],
    ["source: { repository: ((x)), tag: 3 }", "busybox:3"],
    ["source: { repository: alpine, tag: 3 }, version: { digest: 'sha256:1' }", "alpine@sha256:1"],
  ])("of { %s }", async (source, name) => {
    const of = `image_resource: { type: registry-image, ${source} }`;
    expect((await stepOf(`run: { path: sh }, ${of}`, "", { params: { x: "busybox" } }))?.image).toBe(name);
    expect((await stepOf("run: { path: sh }"))?.image).toBeUndefined();
  });

  test("of an artifact is the archive in it", async () => {
    expect((await stepOf("run: { path: sh }", ", image: a"))?.image).toMatch(/^\/.*\/image\.tar$/);
  });
});

describe("a task", () => {
  test.each([
    ["container_limits: { cpu: 512, memory: 1GB }", "", { cpu: 512, memory: "1GiB" }],
    ["container_limits: { cpu: 2, memory: 5 }", "", { cpu: 64, memory: 5 }],
    ["container_limits: { cpu: 0, memory: 1GB }", ", container_limits: { memory: 7mb }", { cpu: 0, memory: "7MiB" }],
    ["container_limits: { memory: ((x)) }", "", { memory: "9" }],
  ])("in a container has the limits of %s%s, a process none", async (limits, more, expected) => {
    const given = { params: { x: "9" } };
    const of = (await stepOf(`run: { path: sh }, ${image}, ${limits}`, more, given))?.containerLimits;
    expect(of).toEqual(expected.memory === "9" ? { memory: 9 } : expected);
    expect((await stepOf(`run: { path: sh }, ${limits}`, more, given))?.containerLimits).toBeUndefined();
  });

  test("whose limit is no number is an error", async () => {
    const limits = "container_limits: { cpu: ((x)) }";
    const { jobs } = await execute(`run: { path: sh }, ${image}, ${limits}`, "", { params: { x: "some" } });
    expect(jobs["j"]).toBe("failed: container_limits.cpu must be a number, not NaN");
  });

  test("is privileged in a container alone", async () => {
    expect((await stepOf(`run: { path: sh }, ${image}`, ", privileged: true"))?.privileged).toBeTrue();
    expect((await stepOf("run: { path: sh }", ", privileged: true"))?.privileged).toBeUndefined();
  });

  test("has the params of its step before those of its contents, and data as JSON", async () => {
    const step = await stepOf("run: { path: sh }, params: { A: 1, B: [2], D: null }", ", params: { A: x, C: true }");
    expect(step?.env).toEqual({ A: "x", B: "[2]", C: "true", D: "" });
  });

  test("fails at its own line, also where keys of it have nothing behind them", async () => {
    const text = `jobs:
- name: j
  serial_groups:
  plan:
  - task: first
    config: { platform: linux, run: { path: sh } }
  - task: t
    params:
    vars:
    config: { platform: linux, run: { path: sh } }`;
    const { error } = await executeYaml(text, { onStep: ({ name }) => (name === "j/t" ? { code: 1 } : undefined) });
    expect(error?.position).toMatchObject({ file: "ci.yml", line: 7 });
  });

  test("that could not go on says why, one that exits its code", async () => {
    const end = async (said: object): Promise<string | undefined> =>
      (await execute("run: { path: sh }", "", { onStep: ({ name }) => (name === "j/t" ? said : undefined) })).jobs["j"];
    expect(await end({ code: 1, status: "abort", message: "too slow" })).toBe("failed: task t: too slow");
    expect(await end({ code: 2, message: "what it said" })).toBe("failed: task t: it exited with code 2");
  });

  test("whose contents are in a file has its own vars there, and all that is wrong with them is told", async () => {
    const ofFile = async (text: string): Promise<Executed> =>
      await executeYaml(`jobs: [{ name: j, plan: [${make}, { task: t, file: a/t.yml, vars: { x: own } }] }]`, {
        files: { "t.yml": text },
      });
    expect((await ofFile("{ platform: linux, run: { path: ((x)) } }")).steps.at(-1)?.command).toEqual({
      path: "own",
      args: [],
    });
    expect((await ofFile("{ platform: linux, run: { path: ((y)) } }")).jobs["j"]).toContain("((y)) has no value");
    expect((await ofFile("{ platform: linux, params: { A: ((x)) }, run: { path: sh } }")).steps.at(-1)?.env).toEqual({
      A: "own",
    });
    expect((await ofFile("{ platform: linux, plattform: x }")).jobs["j"]).toContain(
      'a/t.yml cannot be a task: plattform is unknown (did you mean "platform"?); run is missing',
    );
    expect((await ofFile("{")).jobs["j"]).toContain("a/t.yml is no YAML");
  });

  test.each([
    ["assert: { stdout: ab, stderr: cd, code: 4 }", "its code must be 4, but is 0"],
    ["assert: { stdout: no }", 'its stdout must have "no", but is "xaby"'],
    ["assert: { stderr: no }", 'its stderr must have "no", but is "xcdy"'],
  ])("is refuted by %s", async (assert, message) => {
    const said = { stdout: "xaby", stderr: "xcdy" };
    const { error } = await execute("run: { path: sh }", `, ${assert}`, { onStep: () => said });
    expect([error?.code, error?.message]).toEqual(["ASSERTION_FAILED", `task t: ${message}`]);
  });
});
