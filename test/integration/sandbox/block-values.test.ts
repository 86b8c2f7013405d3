// `step(name, fn)` inside the sandbox: what it tells the host, what it resolves with, and what it refuses.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ScriptOutcome, ScriptRunner } from "../../fixtures/harness/script-runner.ts";

let runner: ScriptRunner;
beforeAll(async () => {
  runner = new ScriptRunner(1);
  await runner.pool.ready;
});
afterAll(() => runner.close());

async function run(body: string): Promise<ScriptOutcome> {
  return await runner.run(`export const pipeline = async () => { ${body} };`);
}

async function errorOf(body: string): Promise<string> {
  const { end } = await run(body);
  return end.type === "threw" ? `${end.error.name}: ${end.error.message}` : JSON.stringify(end);
}

function told({ calls }: ScriptOutcome): readonly unknown[] {
  return calls.map(({ kind, args }) => [kind, args]);
}

describe("a block", () => {
  test("tells its beginning and its value, and resolves with that", async () => {
    const outcome = await run('return await step("compute", () => ({ n: 5 }));');
    expect(outcome.end).toEqual({ type: "returned", value: { n: 5 } });
    expect(told(outcome)).toEqual([
      ["block", { attempts: 1 }],
      ["block_end", { block: 1, status: "succeeded", value: { n: 5 } }],
    ]);
    expect(outcome.calls.map(({ name }) => name)).toEqual(["compute", "compute"]);
  });

  test("is run before the next line, and begins what it awaits", async () => {
    const outcome = await run(
      'const order = ["before"]; const made = step("b", () => { order.push("in"); }); order.push("after"); await made; return order;',
    );
    expect(outcome.end).toEqual({ type: "returned", value: ["before", "in", "after"] });
  });

  test.each([
    ["undefined", "undefined"],
    ["null", "null"],
    ["0", "0"],
    ["'text'", "text"],
    ["[1, [2, { a: undefined }]]", "[1,[2,{}]]"],
    ["new Date(0)", "1970-01-01T00:00:00.000Z"],
    ["new URL('http://h/x')", "http://h/x"],
    ["Object.create(null)", "{}"],
    ["Promise.resolve(5)", "5"],
    ["NaN", "null"],
  ])("that gives %s resolves with it as it is in JSON", async (value, expected) => {
    const { end } = await run(
      `const v = await step("b", () => ${value}); return typeof v === "string" ? v : v === undefined ? "undefined" : JSON.stringify(v);`,
    );
    expect(end).toEqual({ type: "returned", value: expected });
  });

  test("resolves with a copy, as a replay would", async () => {
    const { end } = await run(
      'const a = { n: 1 }; const b = await step("b", () => a); a.n = 2; return [b.n, a === b];',
    );
    expect(end).toEqual({ type: "returned", value: [1, false] });
  });

  test.each([
    ["() => {}", "its value is a function, which cannot be kept as JSON: return plain data"],
    ["({ a: [1n] })", "its value at a[0] is a bigint"],
    ["Symbol('x')", "its value is a symbol"],
    ["new Map()", "its value is a Map"],
    ["({ when: { set: new Set() } })", "its value at when.set is a Set"],
    ["[sleep(1)]", "its value at [0] is a promise, which cannot be kept as JSON: is an await missing?"],
    ["new (class Box {})()", "its value is a Box"],
    ["(() => { const a = {}; a.self = a; return a; })()", "its value at self is an object that contains itself"],
    ["new Uint8Array(2)", "its value is a Uint8Array"],
    ["new Error('x')", "its value is an Error"],
  ])("may not give %s, and is not tried again for that", async (value, message) => {
    const outcome = await run(`await step("b", () => (${value}), { retry: 5 });`);
    expect(JSON.stringify(outcome.end)).toContain(JSON.stringify(`step "b": ${message}`).slice(1, -1));
    const ends = outcome.calls.filter(({ kind }) => kind === "block_end");
    expect(ends).toMatchObject([{ args: { status: "failed" } }]);
    expect(outcome.calls.some(({ kind }) => kind === "block_note")).toBe(false);
  });

  test("throws the very error of its last attempt", async () => {
    const { end } = await run(
      `class Own extends Error { name = "Own"; }
       let thrown;
       try { await step("b", () => { throw (thrown = new Own("no")); }); } catch (e) { return [e === thrown, e instanceof Own]; }`,
    );
    expect(end).toEqual({ type: "returned", value: [true, true] });
  });

  test("tells why it failed, whatever was thrown", async () => {
    const reasons: unknown[] = [];
    for (const thrown of ['new Error("no")', 'new RangeError("no")', '"text"', "undefined", "{ a: 1 }"]) {
      const { calls } = await run(`await step("b", () => { throw ${thrown}; });`);
      reasons.push(...calls.flatMap(({ kind, args }) => (kind === "block_end" ? [args] : [])));
    }
    expect(reasons).toMatchObject([
      { reason: "no" },
      { reason: "RangeError: no" },
      { reason: "the string text was thrown" },
      { reason: "undefined was thrown" },
      { reason: "the object { a: 1 } was thrown" },
    ]);
  });
});

describe("a block with a retry policy", () => {
  const flaky = (options: string, thrown = 'new Error("no " + n)'): string =>
    `let n = 0; return await step("b", async () => { n++; if (n < 3) throw ${thrown}; return n; }, ${options});`;

  test("is tried again after a timer each time, and tells of each attempt", async () => {
    const outcome = await run(flaky('{ retry: { initial: "10s", jitter: 0 } }'));
    expect(outcome.end).toEqual({ type: "returned", value: 3 });
    expect(told(outcome)).toEqual([
      ["block", { attempts: 3 }],
      ["block_note", { block: 1, delayMs: 10_000, reason: "no 1" }],
      ["timer", { delayMs: 10_000 }],
      ["block_note", { block: 1 }],
      ["block_note", { block: 1, delayMs: 20_000, reason: "no 2" }],
      ["timer", { delayMs: 20_000 }],
      ["block_note", { block: 1 }],
      ["block_end", { block: 1, status: "succeeded", value: 3 }],
    ]);
  });

  test("fails with its last attempt", async () => {
    expect(await errorOf(flaky("{ retry: 2 }"))).toBe("Error: no 2");
  });

  test("that names codes goes by the code and the name of what was thrown", async () => {
    const withCode = 'Object.assign(new RangeError("no"), { code: "BUSY" })';
    for (const on of ['["BUSY"]', '["RangeError"]']) {
      expect((await run(flaky(`{ retry: { on: ${on} } }`, withCode))).end).toMatchObject({ type: "returned" });
    }
    expect((await run(flaky("{ retry: { on: [7] } }", "{ code: 7 }"))).end).toMatchObject({ type: "returned" });
    expect(await errorOf(flaky('{ retry: { on: ["Error"] } }', withCode))).toBe("RangeError: no");
  });

  test("draws its jitter from the run's own random numbers, whatever the script makes of Math.random", async () => {
    const delays = async (body: string): Promise<unknown[]> =>
      (await run(body)).calls.filter(({ kind }) => kind === "timer").map(({ args }) => args);
    const plain = await delays(flaky('{ retry: { initial: "1h", max: "1h", jitter: 1 } }'));
    expect(plain).toEqual(await delays(flaky('{ retry: { initial: "1h", max: "1h", jitter: 1 } }')));
    expect(plain[0]).not.toEqual(plain[1]);
    const tampered = `Math.random = () => -5; ${flaky('{ retry: { initial: "1h", max: "1h", jitter: 1 } }')}`;
    expect(await delays(tampered)).toEqual(plain);
  });

  test("is not tried again after a CancelledError", async () => {
    const outcome = await run('await step("b", () => { throw new CancelledError(); }, { retry: 3 });');
    expect(outcome.end).toMatchObject({ type: "threw", error: { name: "CancelledError" } });
    expect(told(outcome)).toEqual([
      ["block", { attempts: 3 }],
      ["block_end", { block: 1, status: "cancelled", reason: "CancelledError: the run was cancelled" }],
    ]);
  });
});

describe("step()", () => {
  test.each([
    ["step()", "step: takes a name and a function"],
    ['step("")', "step: takes a name and a function"],
    ['step(() => 1, "b")', "step: takes a name and a function"],
    ['step({ command: "ls" })', "for a command there is runtime.run"],
    ['step("b")', 'step "b": the second argument must be a function'],
    ['step("b", Promise.resolve(1))', 'step "b": the second argument must be a function'],
    ['step("b", () => 1, { retries: 3 })', 'step "b": unknown option "retries"; there are retry and job'],
    ['step("b", () => 1, { timeout: "5s" })', 'step "b": unknown option "timeout"; there are retry and job'],
    ['step("b", () => 1, 3)', 'step "b": the options must be an object, as { retry: 3 }'],
    ['step("b", () => 1, { retry: -1 })', 'step "b": retry.attempts must be a whole number from 1 to 100, not -1'],
  ])("%s is refused and runs nothing", async (expression, message) => {
    const outcome = await run(`await ${expression}`);
    expect(JSON.stringify(outcome.end)).toContain(JSON.stringify(message).slice(1, -1));
    expect(outcome.calls).toEqual([]);
  });

  test("cuts its name to 200 characters", async () => {
    const { calls } = await run(`await step("n".repeat(500), () => 1);`);
    expect(calls[0]?.name).toHaveLength(200);
  });
});
