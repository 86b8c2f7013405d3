// Idle engines, kept and let go of.

import { afterEach, describe, expect, jest, test } from "bun:test";
import { createInstancePool, type InstancePool } from "../../../src/sandbox/instance/instance-pool.ts";
import type { QuickJSInstance } from "../../../src/sandbox/instance/quickjs-instance.ts";
import { createInstance, runIn, script } from "./instance-runs.ts";

const mebibyte = 1024 * 1024;

/** Stands for an engine where only being reset matters. */
function createFake(memoryBytes = 64 * mebibyte, resets = true): QuickJSInstance & { resetCount: number } {
  const fake = {
    memoryBytes,
    resetCount: 0,
    reset: () => {
      fake.resetCount++;
      return resets;
    },
  };
  return fake as unknown as QuickJSInstance & { resetCount: number };
}

function takeAll(pool: InstancePool, memoryBytes = 64 * mebibyte): QuickJSInstance[] {
  const taken: QuickJSInstance[] = [];
  for (let each = pool.takeIdle(memoryBytes); each !== undefined; each = pool.takeIdle(memoryBytes)) taken.push(each);
  return taken;
}

afterEach(() => {
  jest.useRealTimers();
});

describe("InstancePool", () => {
  test("gives an instance back to the next run of the same memory size only, once", () => {
    const pool = createInstancePool();
    const [small, large] = [createFake(32 * mebibyte), createFake()];
    pool.give(small, true);
    pool.give(large, true);
    expect(pool.takeIdle(33 * mebibyte)).toBeUndefined();
    expect(pool.takeIdle(32 * mebibyte)).toBe(small);
    expect(pool.takeIdle(32 * mebibyte)).toBeUndefined();
    expect(pool.takeIdle(64 * mebibyte)).toBe(large);
  });

  test("resets what it is given before anybody else has it", () => {
    const pool = createInstancePool();
    const fake = createFake();
    pool.give(fake, true);
    expect(fake.resetCount).toBe(1);
  });

  test("throws away what is not clean without a reset, and what refuses to be reset", () => {
    const pool = createInstancePool();
    const [unclean, stubborn] = [createFake(), createFake(64 * mebibyte, false)];
    pool.give(unclean, false);
    pool.give(stubborn, true);
    expect(unclean.resetCount).toBe(0);
    expect(takeAll(pool)).toEqual([]);
  });

  test("keeps at most 32", () => {
    const pool = createInstancePool();
    for (let count = 0; count < 40; count++) pool.give(createFake(), true);
    expect(takeAll(pool)).toHaveLength(32);
  });

  test("creates instances of the size asked for, and serves them again and again", async () => {
    const pool = createInstancePool();
    const instance = await pool.create(32 * mebibyte);
    expect(instance.memoryBytes).toBe(32 * mebibyte);
    for (let count = 1; count <= 3; count++) {
      const run = runIn(instance, script("globalThis.n = (globalThis.n ?? 0) + 1; return n;"));
      expect(run.settled).toEqual({ ok: true, value: 1 });
      pool.give(instance, true);
      expect(pool.takeIdle(32 * mebibyte)).toBe(instance);
    }
  });

  test("does not keep an instance whose guest was interrupted or grew its memory", async () => {
    const pool = createInstancePool();
    const interrupted = await createInstance();
    expect(runIn(interrupted, script("for (;;) {}"), 3).failed ?? "settled").not.toBeNull();
    pool.give(interrupted, false);
    const grown = await createInstance();
    runIn(grown, script("return new Uint8Array(30 << 20).length"));
    pool.give(grown, true);
    expect(takeAll(pool)).toEqual([]);
  });
});

describe("after a burst", () => {
  test("what was not needed for two looks of five seconds is let go of, all but one", () => {
    jest.useFakeTimers();
    const pool = createInstancePool();
    for (let count = 0; count < 10; count++) pool.give(createFake(), true);
    jest.advanceTimersByTime(5000);
    jest.advanceTimersByTime(5000);
    expect(takeAll(pool)).toHaveLength(1);
  });

  test("those that were in use meanwhile stay", () => {
    jest.useFakeTimers();
    const pool = createInstancePool();
    for (let count = 0; count < 10; count++) pool.give(createFake(), true);
    jest.advanceTimersByTime(5000);
    const busy = Array.from({ length: 6 }, () => pool.takeIdle(64 * mebibyte)).filter((each) => each !== undefined);
    expect(busy).toHaveLength(6);
    for (const each of busy) pool.give(each, true);
    jest.advanceTimersByTime(5000);
    expect(takeAll(pool)).toHaveLength(7);
  });
});
