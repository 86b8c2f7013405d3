// What a hostile script can do to itself, to other scripts, and to the one who waits.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ScriptRunner, type ScriptOutcome } from "../../fixtures/harness/script-runner.ts";

let runner: ScriptRunner;
beforeAll(async () => {
  runner = new ScriptRunner();
  await runner.pool.ready;
});
afterAll(() => runner.close());

const pipeline = (body: string): string => `export const pipeline = async () => { ${body} };`;
const codeOf = ({ end }: ScriptOutcome): string =>
  end.type === "limit" || end.type === "failed" ? end.code : end.type;
const innocent = pipeline("console.log('fine'); await sleep('1ms'); return 1;");

const limited: readonly (readonly [title: string, body: string, code: string])[] = [
  ["an endless loop", "for (;;);", "CPU_LIMIT"],
  ["a native loop that never looks up", "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);", "CPU_LIMIT"],
  ["an endless chain of promise jobs", "for (;;) await null;", "CPU_LIMIT"],
  ["a catastrophic regular expression", "/^(a+)+$/.test('a'.repeat(40) + 'b');", "CPU_LIMIT"],
  ["a loop that catches its own end", "for (;;) try { for (;;); } catch {}", "CPU_LIMIT"],
  ["a bomb of buffers", "const kept = []; for (;;) kept.push(new Uint8Array(1e6).fill(1));", "MEMORY_LIMIT"],
  ["a bomb of small objects", "const kept = []; for (;;) kept.push({ x: [1, 2, 3] });", "MEMORY_LIMIT"],
  ["a bomb of text", "const kept = []; for (let i = 0; ; i++) kept.push('x'.repeat(1e6) + i);", "MEMORY_LIMIT"],
  ["endless recursion", "const f = () => f() + 1; f();", "STACK_LIMIT"],
  ["deeply nested JSON", "JSON.parse('['.repeat(1e6));", "STACK_LIMIT"],
  ["1,001 host calls at once", "await Promise.all(Array.from({ length: 1001 }, () => sleep(1e6)));", "CALL_LIMIT"],
  ["a hundred thousand host calls", "for (let i = 0; i < 1e5; i++) void sleep(1e6);", "CALL_LIMIT"],
  ["a hundred thousand steps", "for (let i = 0; i < 1e5; i++) void runtime.run({ command: 'x' });", "CALL_LIMIT"],
  ["a hundred thousand events", "for (let i = 0; i < 1e5; i++) void events.emit('a.b', {});", "CALL_LIMIT"],
  ["a hundred thousand locks", "for (let i = 0; i < 1e5; i++) void locks.take('l' + i);", "CALL_LIMIT"],
  ["10,001 host calls one after the other", "for (let i = 0; i < 10001; i++) await sleep(0);", "JOURNAL_LIMIT"],
  ["an argument over 1 MiB", "await storage.set('k', 'x'.repeat(1.1e6));", "VALUE_TOO_LARGE"],
  ["a result over 1 MiB", "return 'x'.repeat(1.1e6);", "VALUE_TOO_LARGE"],
];

describe("a script that goes beyond its limits fails with a code, and the next one runs as if nothing had been", () => {
  for (const [title, body, code] of limited) {
    test(title, async () => {
      const outcome = await runner.run(pipeline(body), {
        answer: (call) =>
          call.args !== null && (call.args as { duration?: unknown }).duration === 1e6
            ? undefined
            : { type: "result", call: call.number, ok: true, value: undefined },
      });
      expect(codeOf(outcome)).toBe(code);
      const next = await runner.run(innocent);
      expect(next.console).toEqual(["fine"]);
      expect(next.end).toEqual({ type: "returned", value: 1 });
    });
  }
});

test("deeply nested data ends the run or not, but never the ones after it", async () => {
  for (const depth of [1e4, 1e5, 1e6]) {
    await runner.run(
      pipeline(`let a = []; for (let i = 0; i < ${depth}; i++) a = [a]; return JSON.stringify(a).length;`),
    );
    await runner.run(pipeline(`let a = []; for (let i = 0; i < ${depth}; i++) a = [a]; console.log(a); a = null;`));
    expect((await runner.run(innocent)).end).toEqual({ type: "returned", value: 1 });
  }
});

test("console output beyond 10,000 lines is replaced by one marker", async () => {
  const outcome = await runner.run(pipeline("for (let i = 0; i < 30000; i++) console.log('line ' + i);"));
  expect(outcome.console).toHaveLength(10_001);
  expect(outcome.console.at(-1)).toContain("not kept");
});

test("console output beyond 4 MiB is replaced by one marker", async () => {
  const outcome = await runner.run(pipeline("for (let i = 0; i < 200; i++) console.log('x'.repeat(60000));"));
  expect(outcome.console.at(-1)).toContain("not kept");
  expect(outcome.console.join("").length).toBeLessThan(5 * 1024 * 1024);
});

describe("what is thrown is described, whatever it is", () => {
  const thrown: readonly (readonly [value: string, message: string])[] = [
    ["5", "the number 5 was thrown"],
    ["'text'", "the string text was thrown"],
    ["null", "null was thrown"],
    ["undefined", "undefined was thrown"],
    ["{ a: 1 }", "the object { a: 1 } was thrown"],
    ["Symbol('s')", "the symbol Symbol(s) was thrown"],
    ["new Proxy({}, { get() { throw 1; } })", "value that cannot be shown"],
    ["Object.assign(new Error('x'), { toString() { throw 1; } })", "x"],
    ["Object.defineProperty(new Error('x'), 'message', { get() { throw 1; } })", "cannot be shown"],
  ];
  for (const [value, message] of thrown) {
    test(value, async () => {
      const { end } = await runner.run(pipeline(`throw ${value};`));
      expect(end.type).toBe("threw");
      if (end.type === "threw") expect(end.error.message).toContain(message);
    });
  }
});

describe("tampering harms the one who tampers alone", () => {
  const tampering = [
    "Object.prototype.polluted = 1; Array.prototype.map = null; Promise.prototype.then = null;",
    "globalThis.JSON = null; globalThis.console = null; delete globalThis.Promise;",
    "Function.prototype.call = Function.prototype.apply = () => { for (;;); };",
    "Map.prototype.get = Map.prototype.set = () => undefined;",
    "Object.freeze(globalThis); Object.freeze(Object.prototype);",
    "Object.defineProperty(Object.prototype, 'then', { get() { throw new Error('caught you'); } });",
    "Object.prototype.toJSON = () => ({ kind: 'step', name: 5, args: null });",
    "Object.prototype.toJSON = () => ({ kind: 'timer', name: 'x', args: { delayMs: 'soon' } });",
    "Object.prototype.toJSON = () => ({ ok: false, error: { name: {}, message: [] } });",
    "Object.fromEntries = () => null; Array.prototype.map = () => 'x';",
    "globalThis.receive = globalThis.begin = globalThis.host = () => 1;",
  ];
  for (const body of tampering) {
    test(body, async () => {
      await runner.run(`${body} ${innocent}`);
      const after = await runner.run(
        pipeline(
          "return [typeof ({}).polluted, typeof JSON, typeof console.log, typeof Promise, typeof receive, typeof host];",
        ),
      );
      expect(after.end).toEqual({
        type: "returned",
        value: ["undefined", "object", "function", "function", "undefined", "undefined"],
      });
    });
  }
});

test("a global of one run is never seen by another", async () => {
  for (let round = 0; round < 20; round++) {
    const { end } = await runner.run(
      pipeline(`const seen = globalThis.secret ?? null; globalThis.secret = 'of run ${round}'; return seen;`),
    );
    expect(end).toEqual({ type: "returned", value: null });
  }
});

test("a script finds no way to the host: no process, no require, no import, no Bun, no WebAssembly", async () => {
  const { end } = await runner.run(
    pipeline(
      "return [typeof process, typeof require, typeof Bun, typeof Deno, typeof WebAssembly, await import('fs').then(() => 'imported', () => 'refused')];",
    ),
  );
  expect(end).toEqual({
    type: "returned",
    value: ["undefined", "undefined", "undefined", "undefined", "undefined", "refused"],
  });
});

test("with as many hogs as there are processes, another script is done within 100 ms of its normal time", async () => {
  const hogs = Array.from({ length: 2 }, () =>
    runner.run(pipeline("for (;;);"), { limits: { cpuPerDeliveryMs: 3000 } }),
  );
  const delays: number[] = [];
  for (let round = 0; round < 20; round++) {
    const startedAt = performance.now();
    expect((await runner.run(innocent)).end).toEqual({ type: "returned", value: 1 });
    delays.push(performance.now() - startedAt);
    await Bun.sleep(25);
  }
  for (const hog of await Promise.all(hogs)) expect(codeOf(hog)).toBe("CPU_LIMIT");
  delays.sort((a, b) => a - b);
  // The 90th percentile, since a shared machine may stall any one of them.
  expect(delays[17]).toBeLessThan(100);
});

test("runs that share a process with a hog continue elsewhere before the hog has ended", async () => {
  const single = new ScriptRunner(1);
  await single.pool.ready;
  const waiting = Array.from({ length: 8 }, (_, index) =>
    single.run(pipeline(`await sleep('20ms'); return ${index};`), {
      answer: (call) => ({ type: "result", call: call.number, ok: true, value: undefined }),
    }),
  );
  const hog = single.run(pipeline("for (;;);"), { limits: { cpuPerDeliveryMs: 4000 } });
  const hogs = [hog, single.run(pipeline("for (;;);"), { limits: { cpuPerDeliveryMs: 4000 } })];
  const first = await Promise.race([Promise.all(waiting).then(() => "innocent"), Promise.race(hogs).then(() => "hog")]);
  expect(first).toBe("innocent");
  await Promise.all(hogs);
  single.close();
}, 60_000);
