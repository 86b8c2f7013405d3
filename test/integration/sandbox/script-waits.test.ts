// `approval`, `signal`, `triggerPipeline` and the gates as scripts call them, right and wrong.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { GuestCall } from "../../../src/sandbox/sandbox.ts";
import { answerWithNothing, ScriptRunner } from "../../fixtures/harness/script-runner.ts";

let runner: ScriptRunner;
beforeAll(async () => {
  runner = new ScriptRunner(1);
  await runner.pool.ready;
});
afterAll(() => runner.close());

const given: Readonly<Record<string, unknown>> = {
  approval: { approved: true, by: "ada", comment: null },
  signal: { build: 17 },
  child: { id: "r", status: "succeeded", result: 1, error: null },
};

/** The calls that an expression makes, and what it comes to. */
async function evaluate(
  expression: string,
): Promise<{ readonly value: unknown; readonly calls: readonly GuestCall[] }> {
  const { end, calls } = await runner.run(`export const pipeline = async () => ${expression};`, {
    answer: (call) =>
      call.kind in given
        ? { type: "result", call: call.number, ok: true, value: given[call.kind] as never }
        : answerWithNothing(call),
  });
  return { value: end.type === "returned" ? end.value : end, calls };
}

describe("a call to the host", () => {
  test.each<[string, [kind: string, name: string, args: object]]>([
    [
      `approval({ name: "deploy", message: "Deploy?", timeout: "4h", onTimeout: "approve" })`,
      ["approval", "deploy", { message: "Deploy?", timeout: "4h", onTimeout: "approve" }],
    ],
    [`approval({ name: "deploy" })`, ["approval", "deploy", { onTimeout: "deny" }]],
    [`runtime.gate("ship it")`, ["approval", "ship it", { onTimeout: "fail" }]],
    [`globalThis.pipeline.gate("ship", { timeout: 5 })`, ["approval", "ship", { timeout: 5, onTimeout: "fail" }]],
    [`signal.wait("ready")`, ["signal", "ready", {}]],
    [`signal.wait("ready", { timeout: "2h" })`, ["signal", "ready", { timeout: "2h" }]],
    [`triggerPipeline("home/backup")`, ["child", "home/backup", { params: {}, args: [], wait: true }]],
    [
      `triggerPipeline("b", { params: { keep: 7, no: undefined }, args: ["x", 1], wait: false })`,
      ["child", "b", { params: { keep: 7 }, args: ["x", "1"], wait: false }],
    ],
  ])("is made by %s", async (expression, [kind, name, args]) => {
    const { value, calls } = await evaluate(expression);
    expect(calls).toMatchObject([{ kind, name }]);
    expect(calls[0]?.args).toEqual(args as never);
    expect(value).toEqual(given[kind]);
  });
});

test("the run that was started has its id under the name of other servers too, and does not show it twice", async () => {
  const { value } = await evaluate(`triggerPipeline("b").then((run) => [run.runID, Object.keys(run)])`);
  expect(value).toEqual(["r", ["id", "status", "result", "error"]]);
});

describe("a mistake is told before the host is asked:", () => {
  test.each([
    ["approval()", "takes an object"],
    [`approval({ message: "x" })`, "name must be a text of 1 to 100 characters"],
    [`approval({ name: "" })`, "name must be a text of 1 to 100 characters"],
    [`approval({ name: ".." })`, "name must be a text of 1 to 100 characters"],
    [`approval({ name: "a\\nb" })`, "name must be a text of 1 to 100 characters"],
    [`approval({ name: "x".repeat(101) })`, "name must be a text of 1 to 100 characters"],
    [`approval({ name: "x", massage: "y" })`, 'unknown option "massage"; did you mean "message"?'],
    [`approval({ name: "x", message: 7 })`, "message must be a text, not number"],
    [`approval({ name: "x", message: "y".repeat(4001) })`, "at most 4000"],
    [`approval({ name: "x", timeout: {} })`, "timeout must be a duration"],
    [`approval({ name: "x", onTimeout: "maybe" })`, 'onTimeout must be "deny", "approve" or "fail", not "maybe"'],
    ["runtime.gate()", "gate: takes an object"],
    [`runtime.gate("x", { on: 1 })`, "gate: unknown option"],
    ["signal.wait()", "takes a name"],
    ["signal.wait(7)", "takes a name"],
    [`signal.wait("x", { timout: "1h" })`, 'did you mean "timeout"?'],
    ["triggerPipeline()", "takes the name of a pipeline"],
    [`triggerPipeline("x", { jobs: ["a"] })`, 'unknown option "jobs"'],
    [`triggerPipeline("x", { params: [] })`, "params must be an object"],
    [`triggerPipeline("x", { args: "a" })`, "args must be a list"],
    [`triggerPipeline("x", { wait: "no" })`, "wait must be true or false"],
  ])("%s", async (expression, message) => {
    const { value, calls } = await evaluate(`${expression}.catch((error) => error.name + ": " + error.message)`);
    expect(value).toStartWith("TypeError: ");
    expect(value).toContain(message);
    expect(calls).toEqual([]);
  });
});

test("what tampered checks let through is refused by the side that a script cannot reach", async () => {
  for (const [kind, change, expression] of [
    ["approval", 'name: ""', `approval({ name: "x" })`],
    ["approval", "args: { onTimeout: 1 }", `approval({ name: "x" })`],
    ["signal", "args: { timeout: {} }", `signal.wait("x")`],
    ["child", "args: { params: 1, args: [], wait: true }", `triggerPipeline("x")`],
  ] as const) {
    const tamper = `Object.prototype.toJSON = function () { return this.kind === "${kind}" ? { ...this, ${change} } : this; };`;
    const { end, calls } = await runner.run(`export const pipeline = async () => { ${tamper} await ${expression}; };`);
    expect(JSON.stringify(end)).toContain("malformed");
    expect(calls).toEqual([]);
  }
});
