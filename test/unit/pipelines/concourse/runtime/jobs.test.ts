// The jobs of a run: which of them execute, one after the other or at once, and how each ends.

import { describe, expect, test } from "bun:test";
import { CancelledError, type Executed, executeYaml } from "./script-bench.ts";

type Given = NonNullable<Parameters<typeof executeYaml>[1]>;

const config = "config: { platform: linux, run: { path: sh } }";
const task = (name: string, more = ""): string => `{ task: ${name}, ${config}${more} }`;
const onStep: NonNullable<Given["onStep"]> = ({ name }) => {
  if (name.includes("ends")) throw new CancelledError("it was cancelled");
  return name.includes("fails") ? { code: 3, stdout: "some output" } : undefined;
};

async function execute(jobs: string, given: Given = {}, top = ""): Promise<Executed> {
  return await executeYaml(`${top}\nresources: [{ name: r, type: mock }]\njobs: [${jobs}]`, { onStep, ...given });
}

/** A job that passes `r` on from others. */
const job = (name: string, passed: string, steps: string, more = ""): string =>
  `{ name: ${name}, plan: [{ get: r${passed === "" ? "" : `, passed: [${passed}]`} }, ${steps}]${more} }`;

describe("a job", () => {
  test("waits for those that it needs; behind one that failed all are skipped, behind one without its trigger none", async () => {
    const chain = `${job("c", "b", task("c"))}, ${job("b", "a", task("b"))}`;
    const all = await execute(`${chain}, ${job("a", "", task("a"))}`);
    expect(all.names).toEqual(["a/get r", "a/a", "b/get r", "b/b", "c/get r", "c/c"]);
    expect((await execute(`${chain}, ${job("a", "", task("fails"))}`)).jobs).toEqual({
      a: "failed: task fails: it exited with code 3",
      b: "skipped: job a failed",
      c: "skipped: job b was skipped",
    });
    const skipped = await execute(`${chain}, ${job("a", "", task("a"), ", webhook_trigger: 'false'")}`);
    expect(skipped.jobs).toEqual({
      a: "skipped: its webhook_trigger does not hold: false",
      b: "succeeded",
      c: "succeeded",
    });
    expect(skipped.calls[1]).toBe('["choose","latest",[]]');
  });

  test("that the run is not for is not waited for", async () => {
    const jobs = `${job("a", "", task("fails"))}, ${job("b", "a", task("b"))}`;
    const { jobs: ends, declared, calls } = await execute(jobs, { targetJobs: ["b"] });
    expect([ends, declared]).toEqual([{ b: "succeeded" }, [{ name: "b", needs: [] }]]);
    expect(calls).toContain('["choose","latest",["a"]]');
  });

  test("that no version has passed on yet has no version", async () => {
    const { jobs } = await execute(`${job("a", "", task("a"))}, ${job("b", "a", task("b"))}`, {
      targetJobs: ["b"],
      onChoose: () => null,
    });
    expect(jobs).toEqual({ b: "failed: get r: no version of it has passed a yet" });
  });

  test("tells which versions have passed it where it succeeded, and only there", async () => {
    const passed = async (steps: string): Promise<readonly string[]> =>
      (await execute(job("a", "", steps))).calls.filter((call) => call.includes("passed"));
    expect(await passed(task("a"))).toEqual(['["passed","a",[{"version":"1"}]]']);
    expect(await passed(task("fails"))).toEqual([]);
  });

  test("ends all that is behind it once it is told to end: nothing begins that has not", async () => {
    const { names, jobs } = await execute(
      `{ name: a, plan: [${task("ends")}], ensure: ${task("hook")} }, { name: b, plan: [${task("b")}] }`,
      {},
      "max_in_flight: 1",
    );
    expect([names, jobs]).toEqual([
      ["a/ends", "a/hook"],
      { a: "cancelled: it was cancelled", b: "skipped: the run was asked to end before" },
    ]);
  });

  test("that waits for a lock as the run is told to end does not begin", async () => {
    const { names, jobs } = await execute(
      `{ name: a, serial_groups: [g], plan: [${task("ends")}] }, { name: b, serial_groups: [g], plan: [${task("b")}] }`,
    );
    expect([names, jobs["b"]]).toEqual([["a/ends"], "cancelled: the run was asked to end before"]);
  });

  test("has hooks of its own, which see how it ended, and have time behind its timeout", async () => {
    const hooks = `on_success: ${task("no")}, on_failure: ${task("failure")}, ensure: ${task("ensure")}`;
    const { names, steps } = await execute(`{ name: a, timeout: 5m, plan: [${task("fails")}], ${hooks} }`);
    expect(names).toEqual(["a/fails", "a/failure", "a/ensure"]);
    expect(steps.map(({ timeout }) => timeout !== undefined)).toEqual([true, false, false]);
  });

  test("fails where its assert does not hold, whatever it did", async () => {
    const end = async (assert: string, steps: string): Promise<string | undefined> =>
      (await execute(`{ name: a, plan: [${steps}], assert: ${assert} }`)).jobs["a"];
    expect(await end("{ status: failed }", task("works"))).toBe(
      "failed: job a: its status must be failed, but is succeeded",
    );
    expect(await end("{ execution: [x] }", `{ try: ${task("works")} }`)).toBe(
      'failed: job a: must have executed ["x"], but executed ["works"]',
    );
    const stdout = `{ try: ${task("fails", ', assert: { stdout: "no such" }')} }`;
    expect(await end("{ status: succeeded }", stdout)).toBe(
      'failed: task fails: its stdout must have "no such", but is "some output"',
    );
  });
});

describe("locks", () => {
  const locks = ({ calls }: Executed): readonly string[] => calls.filter((call) => /"(?:take|release)"/.test(call));

  test("are taken in one order everywhere, each once, and given back whatever happens", async () => {
    const executed = await execute(`{ name: a, serial_groups: [z, b, z], max_in_flight: 3, plan: [${task("fails")}] }`);
    expect(locks(executed)).toEqual([
      '["take","group b",1]',
      '["take","group z",1]',
      '["take","job a",3]',
      '["release","job a"]',
      '["release","group z"]',
      '["release","group b"]',
    ]);
  });

  test("of jobs of one run follow each other", async () => {
    const executed = await execute(
      `{ name: a, serial: true, plan: [${task("a")}] }, { name: b, serial_groups: [g], plan: [${task("b")}] }, { name: c, serial_groups: [g], plan: [${task("c")}] }`,
    );
    expect(locks(executed).filter((call) => call.includes("group g"))).toEqual([
      '["take","group g",1]',
      '["release","group g"]',
      '["take","group g",1]',
      '["release","group g"]',
    ]);
    expect(locks(executed)).toContain('["take","job a",1]');
  });
});

test("so many jobs at once as the pipeline says, in their order", async () => {
  let [now, most] = [0, 0];
  const jobs = ["a", "b", "c", "d"].map((name) => `{ name: ${name}, plan: [${task(name)}] }`).join(", ");
  const { names } = await execute(
    jobs,
    {
      onStep: async () => {
        most = Math.max(most, ++now);
        await Bun.sleep(2);
        now--;
        return undefined;
      },
    },
    "max_in_flight: 2",
  );
  expect([most, names]).toEqual([2, ["a/a", "b/b", "c/c", "d/d"]]);
});

describe("versions", () => {
  const two = (first: string, second: string, more = ""): string =>
    `{ name: a, plan: [${first}] }, { name: b, plan: [${second}]${more} }`;

  test("are chosen once in a run, and for each job where every one is to be had", async () => {
    const chosen = async (jobs: string): Promise<number> =>
      (await execute(jobs)).calls.filter((call) => call.includes("choose")).length;
    expect(await chosen(two("{ get: r }", "{ get: r }"))).toBe(1);
    expect(await chosen(two("{ get: r, version: every }", "{ get: r, version: every }"))).toBe(2);
  });

  test("that could not be chosen are looked for again", async () => {
    let looks = 0;
    const { jobs } = await execute(`{ name: a, plan: [{ get: r, attempts: 2 }] }`, {
      onChoose: () => (++looks === 1 ? null : { version: "1" }),
    });
    expect([looks, jobs]).toEqual([2, { a: "succeeded" }]);
  });

  test("of a time resource are those that began the run; only where there is none it is now", async () => {
    const text = `resources: [{ name: t, type: time, source: { interval: 1h } }]\njobs: [{ name: a, plan: [{ get: t }] }]`;
    const known = await executeYaml(text, { onChoose: () => ({ time: "2001-02-03T04:05:06Z" }) });
    expect(known.calls.filter((call) => call.includes("found"))).toEqual([]);
    expect(known.steps[0]?.stdin).toContain("2001-02-03T04:05:06Z");
    let looks = 0;
    const unknown = await executeYaml(text, { onChoose: () => (++looks === 1 ? null : { time: "now" }) });
    expect(unknown.calls.filter((call) => call.includes("found"))).toHaveLength(1);
  });

  test("that the file pins are taken without a look", async () => {
    const pinned = async (resource: string, get: string): Promise<readonly string[]> =>
      (await executeYaml(`resources: [{ name: r, type: mock${resource} }]\njobs: [{ name: a, plan: [${get}] }]`)).calls;
    expect(await pinned(", version: { version: x }", "{ get: r }")).toEqual(['["passed","a",[{"version":"x"}]]']);
    expect(await pinned(", version: { version: x }", "{ get: r, version: { version: y } }")).toEqual([
      '["passed","a",[{"version":"y"}]]',
    ]);
  });

  test("that a put makes are found, used and passed on, the last of a job, with a get or without", async () => {
    const put = (version: string, more = ""): string => `{ put: r, params: { version: ${version} }${more} }`;
    const gets = { "": ["a/get r", "a/get r", "b/get r"], ", no_get: true": ["b/get r"] };
    for (const [more, expected] of Object.entries(gets)) {
      const { names, calls } = await execute(
        `{ name: a, plan: [${put("1", more)}, ${put("2", more)}] }, { name: b, plan: [{ get: r, passed: [a] }] }`,
      );
      expect(names.filter((name) => !name.includes("copy"))).toEqual(expected);
      expect(calls).toEqual([
        '["found","r",[{"version":"1"}]]',
        '["found","r",[{"version":"2"}]]',
        '["passed","a",[{"version":"1"},{"version":"2"}]]',
        '["passed","b",[{"version":"2"}]]',
      ]);
    }
  });

  test("of another resource are none of this one, and all that is done for a step has its time", async () => {
    const { calls, steps } = await executeYaml(
      `resources: [{ name: r, type: mock }, { name: s, type: mock }]
jobs:
  - { name: a, plan: [{ put: r, params: { version: 1 } }, { put: s, params: { version: 2 } }] }
  - { name: b, plan: [{ get: r, passed: [a], timeout: 1m }] }`,
    );
    expect(calls.at(-1)).toBe('["passed","b",[{"version":"1"}]]');
    expect([steps[0]?.timeout, steps.at(-1)?.timeout]).toEqual([undefined, expect.any(Number)]);
  });

  test("that are put are got with the params for that", async () => {
    const { jobs, steps } = await execute(
      `{ name: a, plan: [{ put: r, params: { version: 1 }, get_params: { create_files_via_params: { made: x } } }] }`,
    );
    expect(jobs["a"]).toBe("succeeded");
    expect(JSON.stringify(steps.at(-1))).toContain("made");
  });
});
