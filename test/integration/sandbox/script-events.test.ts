// `events.emit` as scripts call it, right and wrong.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { GuestCall } from "../../../src/sandbox/sandbox.ts";
import { ScriptRunner } from "../../fixtures/harness/script-runner.ts";

let runner: ScriptRunner;
beforeAll(async () => {
  runner = new ScriptRunner(1);
  await runner.pool.ready;
});
afterAll(() => runner.close());

async function evaluate(body: string): Promise<{ readonly value: unknown; readonly calls: readonly GuestCall[] }> {
  const { end, calls } = await runner.run(`export const pipeline = async () => { ${body} };`, {
    answer: ({ number }) => ({ type: "result", call: number, ok: true, value: { id: "evt_1" } }),
  });
  return { value: end.type === "returned" ? end.value : end, calls };
}

test.each<[string, string, object]>([
  [`events.emit("migration.phase.completed", { phase: 3 })`, "migration.phase.completed", { phase: 3 }],
  [`events.emit("a.b")`, "a.b", {}],
  [`events.emit("run.mine", { at: new Date(0), no: undefined })`, "run.mine", { at: "1970-01-01T00:00:00.000Z" }],
])("%s is one host call, and gives the event's id", async (expression, type, data) => {
  const { value, calls } = await evaluate(`return await ${expression};`);
  expect(calls).toMatchObject([{ kind: "event", name: type }]);
  expect(calls[0]?.args).toEqual({ data } as never);
  expect(value).toEqual({ id: "evt_1" });
});

describe("a mistake is told before the host is asked:", () => {
  test.each([
    ["events.emit()", "the type must be a text"],
    [`events.emit("deploy")`, 'the type "deploy" must be words with dots between them'],
    [`events.emit("a." + "b".repeat(127))`, "at most 128 characters"],
    [`events.emit("run.failed")`, "run.failed is told by runner itself"],
    [`events.emit("endpoint.disabled", {})`, "endpoint.disabled is told by runner itself"],
    [`events.emit("a.b", "text")`, 'the data must be an object like { host: "nas" }, not "text"'],
    [`events.emit("a.b", null)`, "the data must be an object"],
    [`events.emit("a.b", [1])`, "the data must be an object"],
    [`events.emit("a.b", new Date(0))`, "the data must be an object"],
    [`events.emit("a.b", { f: () => 1 })`, "at f is a function"],
    [`events.emit("a.b", { text: "é".repeat(32 * 1024) })`, "the data has 65547 bytes as JSON; at most 65536"],
  ])("%s", async (expression, message) => {
    const { value, calls } = await evaluate(
      `return await ${expression}.catch((error) => error.name + ": " + error.message);`,
    );
    expect(value).toStartWith("TypeError: events.emit: ");
    expect(value).toContain(message);
    expect(calls).toEqual([]);
  });
});

test.each([
  ["name", '"run.failed"'],
  ["args", "{ data: 5 }"],
  ["args", `{ data: { text: "x".repeat(65536) } }`],
])(
  "what tampered checks let through is refused by the side that a script cannot reach: %s %s",
  async (field, value) => {
    const tamper = `Object.prototype.toJSON = function () { return this.kind === "event" ? { ...this, ${field}: ${value} } : this; };`;
    const { value: end, calls } = await evaluate(`${tamper} await events.emit("a.b");`);
    expect(JSON.stringify(end)).toContain("malformed");
    expect(calls).toEqual([]);
  },
);
