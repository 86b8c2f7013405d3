// The steps `load_var`, `set_pipeline`, `gate` and `notify`, and the vars that are looked up where a run begins.

import { describe, expect, test } from "bun:test";
import { type Executed, executeYaml } from "./script-bench.ts";

const make = "{ task: make, config: { platform: linux, run: { path: sh }, outputs: [{ name: a }] } }";

async function plan(step: string, given: Parameters<typeof executeYaml>[1] = {}, top = ""): Promise<Executed> {
  return await executeYaml(`${top}\njobs: [{ name: j, plan: [${make}, ${step}] }]`, given);
}

describe("load_var", () => {
  test.each([
    ["a/v", "", " { x: 1 }\n", "{ x: 1 }"],
    ["a/v.json", "", '{ "x": 1 }', '{"x":1}'],
    ["a/v.yaml", "", "x: 1", '{"x":1}'],
    ["a/v.yml", "", "x: 1", '{"x":1}'],
    ["a/v.json", ", format: raw", " 1\n", " 1\n"],
    ["a/v.json", ", format: trim", " 1\n", "1"],
    ["a/v", ", format: yml", "[1]", "[1]"],
  ])("of %s%s with %p is %p", async (file, more, text, value) => {
    const show = '{ task: show, config: { platform: linux, run: { path: sh }, params: { V: "((.:v))" } } }';
    const { steps } = await plan(`{ load_var: v, file: ${file}${more} }, ${show}`, {
      files: { [file.slice(2)]: text },
    });
    expect(steps.at(-1)?.env).toEqual({ V: value });
  });

  test.each([
    ["a/v.json", "load_var v: a/v.json is no JSON"],
    ["a/v.yml", "load_var v: a/v.yml is no YAML"],
    ["((x))", 'cannot read "a"'],
  ])("of %s that cannot be read is an error", async (file, message) => {
    const { jobs } = await plan(`{ load_var: v, file: ${file} }`, {
      params: { x: "a" },
      files: { "v.json": "{", "v.yml": "{" },
    });
    expect(jobs["j"]).toContain(message);
  });
});

describe("set_pipeline", () => {
  test("gives the text, and vars of files before those of the step", async () => {
    const step =
      "{ set_pipeline: p, file: a/p.yml, var_files: [a/one, a/two], vars: { c: 3 }, instance_vars: { d: 4 } }";
    const files = { "p.yml": "text", one: "{ a: 1, b: 1 }", two: "{ b: 2, c: 2 }" };
    const { calls } = await plan(step, { files });
    const set = { source: "text", vars: { a: 1, b: 2, c: 3 }, instanceVars: { d: 4 } };
    expect(calls).toContain(JSON.stringify(["set", "p", set]));
  });

  test("takes vars from no file that has none", async () => {
    const { jobs } = await plan("{ set_pipeline: p, file: a/p.yml, var_files: [a/list] }", { files: { list: "[1]" } });
    expect(jobs["j"]).toBe("failed: set_pipeline p: a/list must have NAME: value");
  });

  test.each([
    ['"((x))"', "((secret:x))"],
    ['"pre-((x))"', "pre-((secret:x))"],
    ['[1, "((x))"]', [1, "((secret:x))"]],
    ['{ deep: ["((x))"] }', { deep: ["((secret:x))"] }],
  ])("hands a secret on by its name, as %s", async (v, given) => {
    const { calls } = await plan(`{ set_pipeline: p, file: a/p.yml, vars: { v: ${v} } }`, {
      vars: { x: { secret: "secret:x" } },
      files: { "p.yml": "text" },
    });
    expect(calls).toContain(JSON.stringify(["set", "p", { source: "text", vars: { v: given } }]));
  });

  test("takes no secret for an instance", async () => {
    const { jobs } = await plan('{ set_pipeline: p, file: a/p.yml, instance_vars: { v: "((x))" } }', {
      vars: { x: { secret: "secret:x" } },
      files: { "p.yml": "text" },
    });
    expect(jobs["j"]).toContain("a secret cannot be an instance var");
  });
});

describe("gate", () => {
  const gate = async (more: string, gateError?: Error): Promise<Executed> =>
    await plan(`{ gate: g${more} }`, gateError === undefined ? {} : { gateError });

  test("is asked with its message, and the time it has", async () => {
    const asked = async (more: string): Promise<unknown> =>
      JSON.parse((await gate(more)).calls.find((call) => call.includes("gate")) ?? "null");
    expect(await asked(", message: sure?")).toEqual(["gate", "j/g", { job: "j", message: "sure?" }]);
    expect(await asked(", timeout: 1h")).toEqual(["gate", "j/g", { job: "j", timeout: 3_600_000 }]);
    const { calls } = await plan("{ do: [{ gate: g, timeout: 1h }], timeout: 1s }");
    const [, , { timeout }] = JSON.parse(calls[0] ?? "") as [string, string, { timeout: number }];
    expect(timeout).toBeLessThanOrEqual(1000);
  });

  test.each([
    ["APPROVAL_DENIED", "failure"],
    ["APPROVAL_TIMEOUT", "failure"],
    ["INTERNAL", "error"],
  ])("that ends by %s is a %s", async (code, hook) => {
    const hooks = ["failure", "error"].map((name) => `, on_${name}: { load_var: ${name}, file: a/x }`).join("");
    const denied = Object.assign(new Error("no"), { code });
    const { jobs } = await gate(hooks, denied);
    expect(jobs["j"]).toBe(hook === "failure" ? "failed: no" : "failed: gate g: no");
  });
});

test("notify tells each target, with title and level where they are given", async () => {
  const told = async (more: string): Promise<unknown> =>
    JSON.parse((await plan(`{ notify: [a, b], message: m((x))${more} }`, { params: { x: 1 } })).calls.at(-1) ?? "null");
  expect(await told("")).toEqual(["notify", { to: ["a", "b"], message: "m1" }]);
  expect(await told(", title: t, level: error")).toEqual([
    "notify",
    { to: ["a", "b"], message: "m1", title: "t", level: "error" },
  ]);
});

describe("vars", () => {
  const show = (ref: string): string =>
    `{ task: show, config: { platform: linux, run: { path: sh }, params: { V: "${ref}" } } }`;
  const shown = async (ref: string, given: Parameters<typeof executeYaml>[1] = {}): Promise<unknown> => {
    const sources = "var_sources: [{ name: fixed, type: dummy, config: { vars: { x: of-source } } }]";
    const { steps, asked } = await plan(show(ref), given, sources);
    return [steps.at(-1)?.env?.["V"], asked];
  };

  test("of the server are asked for only where the run was not given them", async () => {
    expect(await shown("((x))", { vars: { x: "server" } })).toEqual(["server", ["x"]]);
    expect(await shown("((x))", { params: { x: "run" }, vars: { x: "server" } })).toEqual(["run", []]);
  });

  test("of a source of the file are its own; others are secrets", async () => {
    expect(await shown("((fixed:x))")).toEqual(["of-source", []]);
    expect(await shown("((env:x))")).toEqual([{ secret: "env:x" }, []]);
    expect(await shown("a((secret:x))")).toContainEqual({ parts: ["a", { secret: "secret:x" }] });
  });

  test("have no names and no fields that nobody gave them", async () => {
    const { jobs } = await plan(show("((toString))"));
    expect(jobs["j"]).toContain("((toString)) has no value");
    expect((await plan(show("((x.toString))"), { vars: { x: { a: 1 } } })).jobs["j"]).toContain("has no field");
  });
});
