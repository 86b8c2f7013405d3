// An engine put back to what it was before a run: wholly, or refused.

import { beforeAll, describe, expect, test } from "bun:test";
import type { QuickJSInstance } from "../../../src/sandbox/instance/quickjs-instance.ts";
import { createInstance, runIn, script } from "./instance-runs.ts";

/** What a script can see of its surroundings: names, prototypes, random numbers, the free memory it is given. */
const lookAround = script(`
  const names = (object) => Reflect.ownKeys(object).map(String).sort();
  const seen = {};
  for (const name of names(globalThis)) {
    const value = globalThis[name];
    const kind = typeof value;
    seen[name] = kind === 'function' || (kind === 'object' && value !== null)
      ? [kind, names(value), names(value.prototype ?? {}), Object.isFrozen(value), Object.isExtensible(value)]
      : [kind, String(value)];
  }
  const blocks = Array.from({ length: 40 }, () => new Uint8Array(64 * 1024));
  return { seen, random: [Math.random(), Math.random()], zeroes: blocks.every((block) => block.every((byte) => byte === 0)),
    probes: [typeof left, [].last, ({}).polluted, String(Promise.resolve().then), JSON.stringify({ a: [1] })] };
`);

/** Each leaves something behind; all end without a limit, so that the instance may serve again. */
const leavings: readonly (readonly [title: string, body: string])[] = [
  ["globals", "globalThis.left = { a: 1 }; globalThis.console = null; globalThis.assert = 5; return 1;"],
  ["deleted globals", "for (const name of Object.getOwnPropertyNames(globalThis)) delete globalThis[name]; return 1;"],
  ["polluted prototypes", "Object.prototype.polluted = 1; Array.prototype.last = 1; Promise.prototype.then = 1;"],
  ["frozen intrinsics", "for (const each of [Object, Array, Promise, globalThis]) Object.freeze(each); return 1;"],
  ["replaced JSON and Math", "JSON.stringify = () => 'no'; JSON.parse = () => null; Math.random = () => 0; return 1;"],
  ["a thrown error", "globalThis.left = 1; throw new Error('on purpose');"],
  ["a thrown text", "throw 'on purpose';"],
  [
    "promises that never settle",
    "globalThis.left = Array.from({ length: 500 }, () => new Promise(() => {})); return await left[0];",
  ],
  ["waiting host calls", "await Promise.all(Array.from({ length: 200 }, (_, i) => storage.set('k' + i, i)));"],
  ["timers", "setTimeout(() => {}, 5); setInterval(() => {}, 5); await sleep('1h');"],
  [
    "written memory",
    "globalThis.left = Array.from({ length: 30 }, () => new Uint8Array(64 * 1024).fill(0xab)); return 1;",
  ],
  ["cycles", "for (let i = 0; i < 2000; i++) { const a = {}; const b = { a }; a.b = b; a.f = () => b; } return 1;"],
  ["deep recursion", "const down = (n) => (n === 0 ? 0 : 1 + down(n - 1)); return down(500);"],
  [
    "caught recursion without end",
    "const down = () => down(); try { down(); } catch { globalThis.left = 1; } return 1;",
  ],
  [
    "generators and weak references",
    "const g = (function* () { try { yield 1; } finally { left = 2; } })(); g.next(); globalThis.w = new WeakRef({}); return 1;",
  ],
  [
    "symbols, atoms and regular expressions",
    "for (let i = 0; i < 3000; i++) { Symbol.for('s' + i); ({})['atom' + i] = 1; new RegExp('r' + i); } return 1;",
  ],
];

let untouched: string;
beforeAll(async () => {
  untouched = JSON.stringify(runIn(await createInstance(), lookAround).settled);
});

describe("after reset() nothing is left of", () => {
  test.each(leavings)("%s", async (_, body) => {
    const instance = await createInstance();
    runIn(instance, script(body));
    expect(instance.reset()).toBe(true);
    const after = runIn(instance, lookAround);
    expect(after.failed).toBeNull();
    expect(JSON.stringify(after.settled)).toBe(untouched);
    expect(untouched).toContain('"zeroes":true');
  });

  test("all of them one after the other in one instance", async () => {
    const instance = await createInstance();
    for (const [, body] of leavings) {
      runIn(instance, script(body));
      expect(instance.reset()).toBe(true);
    }
    expect(JSON.stringify(runIn(instance, lookAround).settled)).toBe(untouched);
  });

  test("a module that does not parse or throws at load", async () => {
    const instance = await createInstance();
    for (const code of ["export const pipeline = (", "throw new Error('at load');", "await new Promise(() => {});"]) {
      runIn(instance, code);
      expect(instance.reset()).toBe(true);
    }
    expect(JSON.stringify(runIn(instance, lookAround).settled)).toBe(untouched);
  });
});

describe("reset() refuses", () => {
  async function refused(prepare: (instance: QuickJSInstance) => void, memoryBytes?: number): Promise<void> {
    const instance = await createInstance(memoryBytes);
    prepare(instance);
    expect(instance.reset()).toBe(false);
    expect(instance.reset()).toBe(false);
  }

  test("an instance whose memory has grown", async () => {
    await refused((instance) => {
      const run = runIn(instance, script("return new Uint8Array(24 * 1024 * 1024).length;"));
      expect(run.settled).toEqual({ ok: true, value: 24 * 1024 * 1024 });
    });
  });

  test("an instance whose memory is exhausted", async () => {
    await refused(
      (instance) => {
        const run = runIn(instance, script("const all = []; for (;;) all.push({ a: 1 });"));
        expect(run.settled?.ok ?? false).toBe(false);
      },
      20 * 1024 * 1024,
    );
  });

  test("an instance with jobs that have not run", async () => {
    await refused((instance) => {
      instance.bind({ host: () => undefined, interrupt: () => false });
      instance.receive(JSON.stringify({ type: "init", context: { runID: "r" }, request: null, seed: "r" }));
      instance.evaluate(script("await null; return 1;"), "test", "run");
    });
  });

  test("an instance in which something else than the script has failed", async () => {
    await refused((instance) => {
      instance.bind({ host: () => undefined, interrupt: () => false });
      // Stands for a trap of WebAssembly: when those come depends on how far its code is compiled by then.
      expect(instance.receive(undefined as unknown as string)?.name).toBe("EngineFailure");
    });
  });

  test("an instance whose data was nested too deeply, unless the engine itself noticed that", async () => {
    const instance = await createInstance();
    const run = runIn(instance, "JSON.parse('['.repeat(100000) + ']'.repeat(100000));");
    expect(run.failed).not.toBeNull();
    expect(instance.reset()).toBe(run.failed?.name !== "EngineFailure");
  });
});

describe("instances", () => {
  test("share nothing, whatever one of them does", async () => {
    const [one, other] = [await createInstance(), await createInstance()];
    for (const [, body] of leavings) runIn(one, script(body));
    expect(JSON.stringify(runIn(other, lookAround).settled)).toBe(untouched);
    expect(other.reset()).toBe(true);
    expect(JSON.stringify(runIn(other, lookAround).settled)).toBe(untouched);
  });

  test("call the host of their own run only", async () => {
    const [one, other] = [await createInstance(), await createInstance()];
    const said: string[] = [];
    const hooks = (name: string) => ({
      host: (operation: string): undefined => {
        if (operation === "console") said.push(name);
      },
      interrupt: () => false,
    });
    one.bind(hooks("one"));
    other.bind(hooks("other"));
    for (const each of [one, other, one]) {
      each.receive(JSON.stringify({ type: "init", context: { runID: "r" }, request: null, seed: "r" }));
      each.evaluate(script("console.log(1)"), "test", "run");
      each.drainJobs();
    }
    expect(said).toEqual(["one", "other", "one"]);
  });

  test("reach no host once they are reset, until the next run takes them", async () => {
    const instance = await createInstance();
    const run = runIn(instance, script("console.log(1); return 2;"));
    expect(run.operations).toEqual(["console"]);
    instance.reset();
    instance.receive(JSON.stringify({ type: "init", context: { runID: "r" }, request: null, seed: "r" }));
    expect(instance.evaluate("console.log(1);", "test", "run")).toBeNull();
    expect(run.operations).toEqual(["console"]);
  });
});

describe("memoryExhausted", () => {
  const mebibyte = 1024 * 1024;
  const bomb = script("const all = []; for (;;) all.push({ a: 1 });");

  test("is false before and after a modest run, and true after one that took all there is", async () => {
    const instance = await createInstance(40 * mebibyte);
    expect(instance.memoryExhausted).toBe(false);
    runIn(instance, script("return new Uint8Array(1024).length;"));
    expect(instance.memoryExhausted).toBe(false);
    runIn(instance, bomb);
    expect(instance.memoryExhausted).toBe(true);
  });

  // The engine's memory grows by at least a twentieth at a time, so it may end well below its maximum.
  test("is true after a memory bomb, whatever the maximum is", async () => {
    for (const mebibytes of [24, 32, 128]) {
      const instance = await createInstance(mebibytes * mebibyte);
      runIn(instance, bomb);
      expect([mebibytes, instance.memoryExhausted]).toEqual([mebibytes, true]);
    }
  });

  test("is false for a fresh instance of the smallest size", async () => {
    expect((await createInstance(16 * mebibyte)).memoryExhausted).toBe(false);
  });
});

test("500 runs and resets in a row: each sees an untouched engine, and neither memory nor time grows", async () => {
  const instance = await createInstance();
  const usual = script(
    "globalThis.n = (globalThis.n ?? 0) + 1; await null; return [n, new Array(5000).fill('x').join('').length];",
  );
  const failing = script("globalThis.n = 5; storage.set('k', 1); throw new RangeError('on purpose');");
  const round = (): void => {
    expect(runIn(instance, usual).settled).toEqual({ ok: true, value: [1, 5000] });
    expect(instance.reset()).toBe(true);
    expect(runIn(instance, failing).settled?.error?.message).toBe("on purpose");
    expect(instance.reset()).toBe(true);
  };
  for (let count = 0; count < 25; count++) round();
  Bun.gc(true);
  const before = process.memoryUsage();
  for (let count = 0; count < 225; count++) round();
  Bun.gc(true);
  const after = process.memoryUsage();
  expect(after.heapUsed - before.heapUsed).toBeLessThan(4 * 1024 * 1024);
  expect(after.rss - before.rss).toBeLessThan(48 * 1024 * 1024);
  expect(JSON.stringify(runIn(instance, lookAround).settled)).toBe(untouched);
}, 20_000);
