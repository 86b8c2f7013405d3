// The machine's clock, and waits longer than one timer can be.

import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { systemClock } from "../../../src/core/clock.ts";

const longestTimeoutMs = 2 ** 31 - 1;

/** Stands for setTimeout: keeps what was asked for instead of waiting. */
function holdTimers() {
  const armed: { readonly fire: () => void; readonly delayMs: number; cancelled: boolean }[] = [];
  const set = spyOn(globalThis, "setTimeout").mockImplementation(((fire: () => void, delayMs: number) => {
    const timer = { fire, delayMs, cancelled: false };
    armed.push(timer);
    return timer;
  }) as never);
  const clear = spyOn(globalThis, "clearTimeout").mockImplementation(((timer: { cancelled: boolean }) => {
    timer.cancelled = true;
  }) as never);
  restore = () => {
    set.mockRestore();
    clear.mockRestore();
  };
  return armed;
}

let restore = (): void => {};
afterEach(() => {
  restore();
  restore = () => {};
});

describe("systemClock.after()", () => {
  test("calls back once, not before the delay", async () => {
    const startedAt = performance.now();
    let calls = 0;
    await new Promise<void>((resolve) => {
      systemClock.after(30, () => {
        calls++;
        resolve();
      });
    });
    // A timer may be one millisecond early by the rounding of its own clock.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(29);
    await Bun.sleep(5);
    expect(calls).toBe(1);
  });

  test("does not call back once cancelled, and cancelling twice or after the call is harmless", async () => {
    let calls = 0;
    const cancel = systemClock.after(5, () => calls++);
    cancel();
    cancel();
    await Bun.sleep(20);
    expect(calls).toBe(0);
    const cancelLate = systemClock.after(0, () => calls++);
    await Bun.sleep(10);
    cancelLate();
    expect(calls).toBe(1);
  });

  test("calls back soon for a delay that has passed", async () => {
    await new Promise<void>((resolve) => systemClock.after(-1000, resolve));
  });

  test("makes a wait of sixty days of three timers", () => {
    const armed = holdTimers();
    const delayMs = 60 * 86_400_000;
    let calls = 0;
    systemClock.after(delayMs, () => calls++);
    for (const timer of armed) timer.fire();
    expect(armed.map((timer) => timer.delayMs)).toEqual([
      longestTimeoutMs,
      longestTimeoutMs,
      delayMs - 2 * longestTimeoutMs,
    ]);
    expect(calls).toBe(1);
  });

  test("a wait of the longest single timer is one timer", () => {
    const armed = holdTimers();
    systemClock.after(longestTimeoutMs, () => {});
    armed[0]?.fire();
    expect(armed).toHaveLength(1);
  });

  test("cancels also the second timer of a long wait", () => {
    const armed = holdTimers();
    const cancel = systemClock.after(longestTimeoutMs + 5, () => {});
    armed[0]?.fire();
    cancel();
    expect(armed.map(({ cancelled }) => cancelled)).toEqual([false, true]);
  });
});

test("systemClock.now() is whole milliseconds since the epoch", () => {
  const now = systemClock.now();
  expect(Number.isInteger(now)).toBe(true);
  expect(Math.abs(now - Date.now())).toBeLessThan(1000);
});

test("systemClock.elapsed() goes on with time, also when somebody sets the time back", async () => {
  const set = spyOn(Date, "now").mockReturnValue(0);
  restore = () => set.mockRestore();
  const startedAt = systemClock.elapsed();
  await Bun.sleep(10);
  expect(systemClock.elapsed() - startedAt).toBeGreaterThanOrEqual(9);
});
