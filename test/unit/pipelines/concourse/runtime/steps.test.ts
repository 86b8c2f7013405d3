// Steps of jobs executed by the runtime: what they make of their fields, and what becomes of those that go wrong.

import { describe, expect, test } from "bun:test";
import type { StepOptions } from "../../../../../src/pipelines/concourse/runtime/script-globals.ts";
import { CancelledError, type Executed, executeYaml } from "./script-bench.ts";

type Given = NonNullable<Parameters<typeof executeYaml>[1]>;

const config = "config: { platform: linux, run: { path: sh } }";
const task = (name: string, more = ""): string => `{ task: ${name}, ${config}${more} }`;

async function plan(steps: string, given: Given = {}): Promise<Executed> {
  return await executeYaml(`jobs: [{ name: j, plan: [${steps}] }]`, given);
}

/** Fails, errs or is told to end, by its name. */
const byName: NonNullable<Given["onStep"]> = ({ name }) => {
  if (name.includes("errs")) throw Object.assign(new Error("no such program"), { hint: "install it" });
  if (name.includes("ends")) throw new CancelledError("it was cancelled");
  return name.includes("fails") ? { code: 3 } : undefined;
};

describe("a step that goes wrong", () => {
  const hooks = ["on_success", "on_failure", "on_error", "on_abort", "ensure"];
  const hooked = hooks.map((hook) => `, ${hook}: ${task(hook.replaceAll("_", "-"))}`).join("");

  test.each([
    ["works", ["j/on-success", "j/ensure"], "succeeded"],
    ["fails", ["j/on-failure", "j/ensure"], "failed: task fails: it exited with code 3"],
    ["errs", ["j/on-error", "j/ensure"], "failed: task errs: no such program"],
    ["ends", ["j/on-abort", "j/ensure"], "cancelled: it was cancelled"],
  ])("as one that %s has its hooks", async (name, after, end) => {
    const { names, jobs } = await plan(task(name, hooked), { onStep: byName });
    expect([names.slice(1), jobs]).toEqual([after, { j: end }]);
  });

  test("in a try is no matter, but for the end of the run", async () => {
    const tried = (name: string): string => `{ try: ${task(name)} }`;
    expect((await plan(`${tried("fails")}, ${tried("errs")}, ${task("last")}`, { onStep: byName })).jobs).toEqual({
      j: "succeeded",
    });
    const ended = await plan(`${tried("ends")}, ${task("last")}`, { onStep: byName });
    expect([ended.names, ended.jobs]).toEqual([["j/ends"], { j: "cancelled: it was cancelled" }]);
  });

  test("is tried again as often as it says, but not where the run ends", async () => {
    expect((await plan(task("fails", ", attempts: 3"), { onStep: byName })).names).toHaveLength(3);
    expect((await plan(task("errs", ", attempts: 2"), { onStep: byName })).names).toHaveLength(2);
    expect((await plan(task("ends", ", attempts: 3"), { onStep: byName })).names).toHaveLength(1);
  });

  test.each([
    ["fails, errs", "failed: task errs: no such program"],
    ["errs, fails", "failed: task errs: no such program"],
    ["errs, ends", "cancelled: it was cancelled"],
    ["fails, works", "failed: task fails: it exited with code 3"],
    ["works, fails", "failed: task fails: it exited with code 3"],
  ])("beside others, as %s, counts by how bad it is", async (names, end) => {
    const group = `{ in_parallel: [${names
      .split(", ")
      .map((name) => task(name))
      .join(", ")}] }`;
    expect((await plan(group, { onStep: byName })).jobs).toEqual({ j: end });
  });

  test("says how it can be mended, and which jobs went wrong too", async () => {
    const { error } = await executeYaml(
      `jobs:
  - { name: one, plan: [${task("errs")}] }
  - { name: two, plan: [${task("fails")}] }
  - { name: ok, plan: [${task("works")}] }`,
      { onStep: byName },
    );
    expect(error).toMatchObject({
      code: "JOB_FAILED",
      message: "job one failed: task errs: no such program; also two",
      hint: "install it",
      position: { file: "ci.yml", line: 2 },
    });
  });

  test("and whose hook goes wrong too says both, and is what is worse", async () => {
    const after = async (name: string, hook: string): Promise<unknown> =>
      (await plan(task(name, `, ${hook}`), { onStep: byName })).jobs["j"];
    expect(await after("fails", `on_failure: ${task("errs")}`)).toBe(
      "failed: task fails: it exited with code 3; then task errs: no such program",
    );
    expect(await after("errs", `ensure: ${task("fails")}`)).toBe(
      "failed: task errs: no such program; then task fails: it exited with code 3",
    );
    expect(await after("works", `ensure: ${task("fails")}`)).toBe("failed: task fails: it exited with code 3");
  });

  test("by an assert counts before all else, and stands where the assert does", async () => {
    const { error } = await executeYaml(
      `assert: { execution: [nothing] }
jobs:
  - { name: one, plan: [${task("errs")}] }
  - name: two
    plan:
      - task: works
        ${config}
        assert: { code: 7 }`,
      { onStep: byName },
    );
    expect(error).toMatchObject({
      code: "ASSERTION_FAILED",
      message: "task works: its code must be 7, but is 0",
      position: { line: 8 },
    });
  });

  test("as a get or put that its resource refuses is a failure, which is no error", async () => {
    const { names } = await executeYaml(
      `resources: [{ name: r, type: mock, source: { log: x } }]
jobs: [{ name: j, plan: [{ get: r, on_failure: ${task("failed")}, on_error: ${task("errored")} }] }]`,
      { onStep: ({ name }) => (name.includes("get") ? { code: 1, stderr: "gone" } : undefined) },
    );
    expect(names).toEqual(["j/check r", "j/get r", "j/failed"]);
  });

  test("because its time is over before it begins has failed", async () => {
    const slow = async ({ name }: StepOptions): Promise<undefined> => {
      if (name.includes("slow")) await Bun.sleep(20);
      return undefined;
    };
    const steps = `{ do: [${task("slow")}, ${task("late")}], timeout: 10ms, on_failure: ${task("hook")} }`;
    const { names, steps: run, jobs } = await plan(steps, { onStep: slow });
    expect([names, jobs]).toEqual([
      ["j/slow", "j/hook"],
      { j: "failed: task late: its time was over before it began" },
    ]);
    expect([run[0]?.timeout, run[1]?.timeout]).toEqual([expect.any(Number), undefined]);
  });
});

test("a step has no more time than what it is in", async () => {
  const inner = (outer: string, own: string): string =>
    `{ do: [${task("t", `, timeout: ${own}`)}], timeout: ${outer} }`;
  for (const steps of [inner("1m", "1h"), inner("1h", "1m")]) {
    expect((await plan(steps)).steps[0]?.timeout).toBeLessThanOrEqual(60_000);
  }
});

test("the name of a step tells the values that it is for, shortened", async () => {
  const vars = ["a", "b", "c", "d"].map((name) => `{ var: ${name}, values: [${"x".repeat(60)}] }`).join(", ");
  const { names } = await plan(task("t", `, across: [${vars}]`));
  expect(names[0]).toStartWith(`j/t (a=${"x".repeat(39)}…) (b=x`);
  const { names: long } = await plan(task(`"${"n".repeat(300)}"`));
  expect(long[0]).toHaveLength(200);
});

describe("a field that vars fill", () => {
  const filled = async (more: string, value: unknown): Promise<string> =>
    (await plan(task("t", more), { params: { x: value } })).jobs["j"] ?? "";

  test.each([
    [", attempts: ((x))", "2", "succeeded"],
    [", attempts: ((x))", 0, "failed: attempts must be a whole number from 1 on, not 0"],
    [", attempts: ((x))", "", 'failed: attempts must be a whole number from 1 on, not ""'],
    [", attempts: ((x))", "1e3", 'failed: attempts must be a whole number from 1 on, not "1e3"'],
    [", privileged: ((x))", "true", "succeeded"],
    [", privileged: ((x))", false, "succeeded"],
    [", privileged: ((x))", "yes", 'failed: privileged must be true or false, not "yes"'],
    [", timeout: ((x))", "1m", "succeeded"],
    [", timeout: ((x))", "0s", 'failed: timeout must be a duration as "1h30m", not "0s"'],
    [", timeout: ((x))", "soon", 'failed: timeout must be a duration as "1h30m", not "soon"'],
    [", across: [{ var: y, values: ((x)) }]", [1], "succeeded"],
    [", across: [{ var: y, values: ((x)) }]", "1", 'failed: across: the values of y must be a list, not "1"'],
  ])("%s of %p", async (more, value, end) => {
    expect((await filled(more, value)).replace("failed: task t: ", "failed: ")).toBe(end);
  });
});

describe("steps at once", () => {
  /** The most that ran at one time. */
  async function atOnce(steps: string): Promise<number> {
    let [now, most] = [0, 0];
    await plan(steps, {
      onStep: async () => {
        most = Math.max(most, ++now);
        await Bun.sleep(2);
        now--;
        return undefined;
      },
    });
    return most;
  }
  const tasks = ["a", "b", "c", "d", "e"].map((name) => task(name)).join(", ");

  test.each([
    [`{ in_parallel: [${tasks}] }`, 5],
    [`{ in_parallel: { limit: 2, steps: [${tasks}] } }`, 2],
    [task("t", ", across: [{ var: x, values: [1, 2, 3] }]"), 1],
    [task("t", ", across: [{ var: x, values: [1, 2, 3], max_in_flight: 2 }]"), 2],
    [task("t", ", across: [{ var: x, values: [1, 2, 3], max_in_flight: all }]"), 3],
    [task("t", ", across: [{ var: x, values: [], max_in_flight: all }]"), 0],
  ])("of %s", async (steps, count) => {
    expect(await atOnce(steps)).toBe(count);
  });

  test("begin no more once the run is to end, and with fail_fast once one goes wrong", async () => {
    const group = (first: string, more: string): string =>
      `{ in_parallel: { limit: 1${more}, steps: [${task(first)}, ${task("next")}] } }`;
    const names = async (first: string, more = ""): Promise<readonly string[]> =>
      (await plan(group(first, more), { onStep: byName })).names;
    expect(await names("fails")).toEqual(["j/fails", "j/next"]);
    expect(await names("fails", ", fail_fast: true")).toEqual(["j/fails"]);
    expect(await names("ends")).toEqual(["j/ends"]);
  });
});

describe("vars", () => {
  const text = 'config: { platform: linux, run: { path: sh, args: [-c, "((x))"] } }';
  const args = ({ steps }: Executed): unknown => {
    const command = steps.at(-1)?.command;
    return typeof command === "object" ? command.args?.at(-1) : undefined;
  };

  test("of a run win over those of the server; of a task whose contents are in a file its own win over both", async () => {
    const given = { params: { x: "run" }, vars: { x: "server", y: "other" }, files: { "t.yml": text.slice(8) } };
    expect(args(await plan(`{ task: t, ${text} }`, given))).toBe("run");
    expect(args(await plan(`{ task: t, ${text} }`, { vars: { x: "server" } }))).toBe("server");
    const own = `${task("make").replace("run:", "outputs: [{ name: a }], run:")}, { task: t, file: a/t.yml, vars: { x: own } }`;
    expect(args(await plan(own, given))).toBe("own");
  });

  test("of across are seen inside alone, and what is loaded there not outside", async () => {
    const make = task("make").replace("run:", "outputs: [{ name: a }], run:");
    const inner = `{ across: [{ var: v, values: [1] }], do: [{ load_var: l, file: a/l }, { task: "t ((.:v)) ((.:l))", ${config} }] }`;
    const { names, jobs } = await plan(`${make}, ${inner}, { task: "late ((.:l))", ${config} }`, {
      files: { l: " x \n" },
    });
    expect(names.at(-1)).toBe("j/t 1 x (v=1)");
    expect(jobs["j"]).toBe("failed: ((.:l)) has no value: nothing has set it");
  });

  test.each([
    ["((x.a))", { x: { a: 1 } }, "1"],
    ["((x.b))", { x: { a: 1 } }, 'failed: ((x.b)) has no field "b"; it has: a'],
    ["((x.a))", { x: { secret: "secret:x" } }, 'failed: ((x.a)): a secret is a text and has no field "a"'],
    [
      "((x))",
      {},
      "failed: ((x)) has no value: give it with --var x=…, in [vars] of runner.toml, or as a secret: runner secret set x",
    ],
  ])("%s of %j", async (ref, vars, expected) => {
    const executed = await plan(`{ task: t, ${text.replace("((x))", ref)} }`, { vars });
    const shown = executed.jobs["j"] === "succeeded" ? String(args(executed)) : executed.jobs["j"];
    expect(shown).toBe(expected);
  });

  test("that are secrets stand in no name and in no text that is shown", async () => {
    const { jobs } = await plan(`{ task: "t ((x))", ${config} }`, { vars: { x: { secret: "secret:x" } } });
    expect(jobs["j"]).toContain(
      "the name of a task must be a text; a secret can only stand in params, args and the source",
    );
  });
});

test("jobs that get the same version are all told to have it: at once, or those that wait for others as they get it", async () => {
  const get = `{ get: repo }`;
  const { calls } = await executeYaml(`
resources: [{ name: repo, type: mock }]
jobs:
  - { name: first, plan: [${get}] }
  - { name: second, plan: [{ try: { do: [${get}] } }] }
  - { name: every, plan: [{ get: repo, version: every }] }
  - { name: conditional, webhook_trigger: "true", plan: [${get}] }
  - { name: behind, plan: [{ get: repo, passed: [first] }, { get: again, resource: repo }] }
`);
  expect(calls.filter((call) => call.startsWith('["take"') && call.includes("repo"))).toEqual([
    '["take","repo",["second"]]',
    '["take","repo",["behind"]]',
  ]);
});
