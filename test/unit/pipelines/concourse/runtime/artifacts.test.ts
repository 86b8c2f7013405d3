// Artifacts of a job: each step that may change one has it to itself, and nothing is copied that nobody else needs.

import { expect, test } from "bun:test";
import { $ } from "bun";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GroupEnd } from "../../../../../src/pipelines/concourse/runtime/outcome.ts";
import { CancelledError, type Executed, executeYaml } from "./script-bench.ts";

const config = (more: string): string => `{ platform: linux, run: { path: sh }${more} }`;
const make = `{ task: make, config: ${config(", outputs: [{ name: a }]")} }`;
const take = (name: string): string => `{ task: ${name}, config: ${config(", inputs: [{ name: a }]")} }`;
const withHook = make.replace(/}$/, `, ensure: ${take("hook")} }`);

const ofFile = (name: string, file = "task.yml"): string => `{ task: ${name}, file: a/${file} }`;

async function copies(...steps: readonly string[]): Promise<readonly string[]> {
  const { names, error } = await executeYaml(`jobs: [{ name: j, plan: [${[make, ...steps].join(", ")}] }]`, {
    params: { y: "a" },
    files: { "task.yml": config(", inputs: [{ name: a }]"), "other.yml": config(""), v: "1", vars: "x: 1" },
  });
  if (error !== null) throw error;
  return names.filter((name) => name.includes("copy"));
}

test("the only step that takes an artifact is given the folder itself", async () => {
  expect(await copies(take("one"))).toEqual([]);
});

test.each([
  ["two steps", [take("one"), take("two")], 1],
  ["a step and a hook", [`{ task: one, config: ${config(", inputs: [{ name: a }]")}, ensure: ${take("two")} }`], 1],
  ["steps of a group", [`{ do: [${take("one")}, ${take("two")}, ${take("three")}] }`], 2],
  ["a step that may be tried again", [`{ task: one, attempts: 2, config: ${config(", inputs: [{ name: a }]")} }`], 1],
  ["a step in one that may be tried again", [`{ do: [${take("one")}], attempts: 2 }`], 1],
  [
    "a step for each of two values",
    [`{ across: [{ var: x, values: [1, 2] }], task: "t", config: ${config(", inputs: [{ name: a }]")} }`],
    2,
  ],
  [
    "one as two inputs",
    [`{ task: one, input_mapping: { x: a, y: a }, config: ${config(", inputs: [{ name: x }, { name: y }]")} }`],
    1,
  ],
  ["a step in the image of it", [take("one"), `{ task: two, image: a, config: ${config("")} }`], 1],
  [
    "by another name",
    [`{ task: one, input_mapping: { b: a }, config: ${config(", inputs: [{ name: b }]")} }`, take("two")],
    1,
  ],
  ["a step before a task that may take anything, whose contents are in a file", [take("one"), ofFile("two")], 1],
  ["such a task before a step", [ofFile("one"), take("two")], 1],
  [
    "two such tasks and a step, side by side",
    [`{ in_parallel: [${ofFile("one")}, ${ofFile("two")}, ${take("three")}] }`],
    2,
  ],
  ["a step before such a task that takes something else", [take("one"), ofFile("two", "other.yml")], 1],
  ["such a task that may be tried again", [`{ task: one, file: a/task.yml, attempts: 2 }`], 1],
  [
    "a task of which a var says what it takes, before a step",
    [`{ task: one, input_mapping: { x: ((y)) }, config: ${config(", inputs: [{ name: x }]")} }`, take("two")],
    1,
  ],
  ["a step before one that reads a file of what a var says", [take("one"), "{ load_var: v, file: ((y))/v }"], 1],
  ["a step behind one that reads such a file", ["{ load_var: v, file: ((y))/v }", take("one")], 1],
  ["a step before one that reads a file of it", [take("one"), "{ load_var: v, file: a/v }"], 1],
  [
    "a step before one that reads vars of it",
    [
      `{ task: other, config: ${config(", outputs: [{ name: b }]")} }`,
      take("one"),
      "{ try: { set_pipeline: p, file: b/v, var_files: [a/vars] } }",
    ],
    1,
  ],
  ["a step before one that tells of it", [take("one"), "{ notify: team, message_file: a/v }"], 1],
  ["a step behind one that reads a file of it", ["{ load_var: v, file: a/v }", take("one")], 0],
])("of %s each but the last to take it has a copy", async (_, steps, count) => {
  expect(await copies(...steps)).toHaveLength(count);
});

test("what has two names is copied for each that takes it", async () => {
  const both = `{ task: both, config: ${config(", outputs: [{ name: b, path: x }, { name: c, path: ./x }]")} }`;
  const takeOne = (name: string): string => `{ task: ${name}, config: ${config(`, inputs: [{ name: ${name} }]`)} }`;
  expect(await copies(both, takeOne("b"), takeOne("c"))).toEqual(["j/copy of b", "j/copy of c"]);
});

const puts = (put: string): Promise<Executed> =>
  executeYaml(
    `resources: [{ name: r, type: mock }]
jobs: [{ name: j, plan: [${make}, { task: other, config: ${config(", outputs: [{ name: b }]")} }, ${put}, ${take("last")}] }]`,
  );

test.each([
  ["all", ["j/copy of a"]],
  ["[a]", ["j/copy of a"]],
  ["[b]", []],
  ["detect, params: { version: ./b/file }", []],
  ["detect, params: { version: a }", ["j/copy of a"]],
])("a put with inputs: %s takes those", async (inputs, expected) => {
  const { names } = await puts(`{ put: r, inputs: ${inputs} }`);
  const before = names.slice(0, names.indexOf("j/get r"));
  expect(before.filter((name) => name.includes("copy"))).toEqual(expected);
});

test("the last to begin has the folder only once all copies of it are made", async () => {
  let isCopying = false;
  let overlaps = 0;
  const { names } = await executeYaml(
    `jobs: [{ name: j, plan: [${make}, { in_parallel: [${take("one")}, ${take("two")}] }] }]`,
    {
      onStep: async ({ name, mounts = {} }) => {
        if (name.includes("copy")) {
          isCopying = true;
          await Bun.sleep(20);
          isCopying = false;
        } else if (isCopying && Object.values(mounts).some(({ path }) => path === "/v2/a")) overlaps++;
        return undefined;
      },
    },
  );
  expect([names.length, overlaps]).toEqual([4, 0]);
});

test("what is made inside of across is not seen outside, and what was made before is seen inside", async () => {
  const inner = `{ across: [{ var: x, values: [1] }], do: [${take("in")}, { task: made, config: ${config(", outputs: [{ name: b }]")} }] }`;
  const late = `{ task: late, config: ${config(", inputs: [{ name: b }, { name: a }]")} }`;
  const { jobs } = await executeYaml(`jobs: [{ name: j, plan: [${make}, ${inner}, ${late}] }]`);
  expect(jobs).toEqual({ j: 'failed: task late: the input "b" is missing: the job has a' });
});

test("what is put inside of across names all artifacts that are seen there", async () => {
  const missing = `{ task: t, file: b/task.yml }`;
  const { jobs } = await executeYaml(
    `jobs: [{ name: j, plan: [${make}, { across: [{ var: x, values: [1] }], do: [{ task: any, file: a/any.yml }, ${missing}] }] }]`,
    { files: { "any.yml": config("") } },
  );
  expect(jobs["j"]).toContain('this job has no artifact "b"; it has a');
});

test.each([
  ["a step beside it", new GroupEnd()],
  ["the end of the run", new CancelledError("it was cancelled")],
])("what a task had made that %s ended is there for its hooks, copied if it is there", async (_, thrown) => {
  const { names, steps } = await executeYaml(`jobs: [{ name: j, plan: [${withHook}] }]`, {
    onStep: ({ name }) => {
      if (name === "j/make") throw thrown;
      return undefined;
    },
  });
  expect(names).toEqual(["j/make", "j/copy of a", "j/hook"]);
  const copying = steps[1]?.command;
  if (typeof copying !== "object") throw new Error("nothing is copied");
  // It may never have begun: its folder is not made then.
  const { exitCode } = await $`${[copying.path, ...(copying.args ?? []).map(String)]}`.cwd("/").nothrow().quiet();
  expect(exitCode).toBe(0);
});

test("a task that could not be started has made nothing", async () => {
  const { jobs } = await executeYaml(`jobs: [{ name: j, plan: [${withHook}] }]`, {
    onStep: () => {
      throw new Error("no such program");
    },
  });
  expect(jobs).toEqual({
    j: 'failed: task make: no such program; then task hook: the input "a" is missing: the job has none so far',
  });
});

test("an artifact that cannot be copied is an error that says why", async () => {
  const { jobs } = await executeYaml(`jobs: [{ name: j, plan: [${make}, ${take("one")}, ${take("two")}] }]`, {
    onStep: ({ name }) => (name.includes("copy") ? { code: 1, stderr: "no space\n" } : undefined),
  });
  expect(jobs).toEqual({ j: 'failed: task one: the artifact "a" could not be copied: no space' });
});

test("the copy of a step that was interrupted is made again, over files that nobody may write", async () => {
  const folder = await mkdtemp(join(tmpdir(), "copies-"));
  const root = process.getuid?.() === 0;
  try {
    const { steps } = await executeYaml(`jobs: [{ name: j, plan: [${[make, take("one"), take("two")].join(", ")}] }]`);
    const copying = steps.find(({ name }) => name.includes("copy"))?.command;
    if (typeof copying !== "object") throw new Error("nothing is copied");
    const words = [copying.path, ...(copying.args ?? []).map((arg) => String(arg).replace(/^\/(?=v\d)/, `${folder}/`))];
    await $`mkdir -p v2/a/in v3 && echo text > v2/a/in/file && chmod -R a-w v2/a/in`.cwd(folder).quiet();
    // For root there are no such files.
    if (root) await $`chown -R nobody . && chmod 755 .`.cwd(folder).quiet();
    const asUser = root ? ["setpriv", "--reuid=nobody", "--clear-groups", ...words] : words;
    for (const _ of ["first", "again"]) {
      const { exitCode, stderr } = await $`${asUser}`.cwd("/").nothrow().quiet();
      expect([exitCode, stderr.toString()]).toEqual([0, ""]);
    }
    expect(await readFile(join(folder, "v3/in/file"), "utf8")).toBe("text\n");
  } finally {
    await $`chmod -R u+w ${folder}; rm -rf ${folder}`.nothrow().quiet();
  }
});
