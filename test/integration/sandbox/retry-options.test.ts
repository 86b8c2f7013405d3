// `retry` and `onInterrupt` as scripts give them: what reaches the host, and what is refused where it is written.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { answerWithNothing, ScriptRunner } from "../../fixtures/harness/script-runner.ts";
import type { GuestCall, GuestDelivery } from "../../../src/sandbox/sandbox.ts";

let runner: ScriptRunner;
beforeAll(async () => {
  runner = new ScriptRunner(1);
  await runner.pool.ready;
});
afterAll(() => runner.close());

function answer(call: GuestCall): GuestDelivery | undefined {
  if (call.name !== "img") return answerWithNothing(call);
  return { type: "result", call: call.number, ok: true, value: { id: "box" } };
}

async function callsOf(body: string): Promise<readonly GuestCall[]> {
  const { calls } = await runner.run(`export const pipeline = async () => { ${body} };`, { answer });
  return calls;
}

async function errorOf(body: string): Promise<string> {
  const { end, calls } = await runner.run(`export const pipeline = async () => { ${body} };`, { answer });
  expect(calls.filter(({ name }) => name !== "img")).toEqual([]);
  return end.type === "threw" ? `${end.error.name}: ${end.error.message}` : JSON.stringify(end);
}

const policy =
  '{ attempts: 3, backoff: "constant", initial: "2s", max: 5000, jitter: 0.5, on: [75, "STEP_NOT_STARTED"] }';
const passed = {
  attempts: 3,
  backoff: "constant",
  initial: "2s",
  max: 5000,
  jitter: 0.5,
  on: [75, "STEP_NOT_STARTED"],
};

describe("reach the host", () => {
  test("of runtime.run, runtime.startSandbox, exec and fetch alike", async () => {
    const options = `retry: ${policy}, onInterrupt: "fail"`;
    const calls = await callsOf(
      `await runtime.run({ command: "true", ${options} });
       const box = await runtime.startSandbox({ image: "img", ${options} });
       await box.exec({ command: "true", ${options} });
       await fetch("http://h/", { ${options} }).catch(() => {});`,
    );
    expect(calls.map(({ kind }) => kind)).toEqual(["step", "step", "step", "fetch"]);
    for (const { args } of calls) expect(args).toMatchObject({ retry: passed, onInterrupt: "fail" });
  });

  test("where retry is a number", async () => {
    expect((await callsOf('await runtime.run({ command: "true", retry: 5 })'))[0]?.args).toMatchObject({ retry: 5 });
  });

  test("only where they are given", async () => {
    const calls = await callsOf(
      'await runtime.run({ command: "true", retry: null, onInterrupt: undefined }); await fetch("http://h/").catch(() => {});',
    );
    for (const { args } of calls) {
      expect(Object.keys(args as object)).not.toContain("retry");
      expect(Object.keys(args as object)).not.toContain("onInterrupt");
    }
  });
});

describe("are refused where they are written", () => {
  test.each([
    [
      'runtime.run({ command: "x", retry: 0 })',
      "runtime.run: retry.attempts must be a whole number from 1 to 100, not 0",
    ],
    [
      'runtime.run({ command: "x", retry: { max: "2d" } })',
      "runtime.run: retry.max must be a duration of at most a day",
    ],
    ['runtime.run({ command: "x", retry: { delay: 1 } })', "runtime.run: retry.delay is unknown: there are attempts,"],
    ['runtime.run({ command: "x", retries: 3 })', 'runtime.run: unknown option "retries"'],
    ['runtime.startSandbox({ image: "img", retry: "3" })', "runtime.startSandbox: retry must be { attempts,"],
    ['fetch("http://h/", { retry: { on: 503 } })', "fetch: retry.on must be a list of codes"],
    [
      'runtime.run({ command: "x", onInterrupt: "again" })',
      'runtime.run: onInterrupt must be "retry" or "fail", not "again"',
    ],
    ['fetch("http://h/", { onInterrupt: true })', 'fetch: onInterrupt must be "retry" or "fail", not true'],
    [
      '(await runtime.startSandbox({ image: "img" })).exec({ command: "x", onInterrupt: () => {} })',
      'sandbox.exec: onInterrupt must be "retry" or "fail", not function',
    ],
  ])("%s", async (expression, message) => {
    expect(await errorOf(`await ${expression}`)).toContain(`TypeError: ${message}`);
  });

  // A script can change what the checks of its own side use; the host's side looks again.
  test("also by the side that a script cannot reach", async () => {
    const tamper =
      "Object.prototype.toJSON = function () { return this.command ? { ...this, toJSON: undefined, retry: 'x' } : this; };";
    const { end } = await runner.run(
      `export const pipeline = async () => { ${tamper} await runtime.run({ command: "x" }); };`,
      { answer },
    );
    expect(JSON.stringify(end)).toContain("malformed");
  });
});
