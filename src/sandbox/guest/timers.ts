// `setTimeout` and its family, and `sleep`: each timer is a journaled host call.

import { abandon, call, callBack, notify } from "./calls.ts";
import { defineGlobal, stringifyJson } from "./host.ts";

type Callback = (...values: unknown[]) => void;

/** Timer id → number of the host call that will end it; intervals move on to a new call at each tick. */
const active = new Map<number, number>();
let lastId = 0;

function start(callback: unknown, delayMs: unknown, values: unknown[], repeats: boolean): number {
  if (typeof callback !== "function") throw new TypeError("setTimeout: the first argument must be a function");
  const name = repeats ? "setInterval" : "setTimeout";
  const wait = Math.max(repeats ? 1 : 0, Math.trunc(Number(delayMs)) || 0);
  const id = ++lastId;
  const arm = (): void => {
    const number = callBack("timer", name, { delayMs: wait }, () => {
      if (repeats) arm();
      else active.delete(id);
      (callback as Callback)(...values);
    });
    active.set(id, number);
  };
  arm();
  return id;
}

/** A timer of which nobody but this callback hears, in milliseconds. */
export function callAfter(delayMs: unknown, callback: () => void): void {
  start(callback, delayMs, [], false);
}

function clear(id: unknown): void {
  const number = active.get(Number(id));
  if (number === undefined) return;
  active.delete(Number(id));
  if (abandon(number)) notify("clear_timer", "clearTimeout", { call: number });
}

/** Waits for a duration like "2s" or a number of milliseconds. */
async function sleep(duration: unknown): Promise<void> {
  await call("timer", "sleep", { duration });
}

/** Waits until a moment: a Date, milliseconds since 1970, or a text like "2026-01-31T03:00:00Z". */
async function sleepUntil(moment: unknown): Promise<void> {
  const until = typeof moment === "number" ? moment : new Date(moment as string | Date).getTime();
  if (!Number.isFinite(until)) {
    throw new TypeError(
      `sleepUntil: ${stringifyJson(String(moment))} is not a Date, a number or a text that tells a time`,
    );
  }
  await call("timer", "sleepUntil", { until });
}

/** As `sleep`, for what only looks again after a while. */
export async function pause(delayMs: number): Promise<void> {
  await call("timer", "pause", { delayMs });
}

export function installTimers(): void {
  defineGlobal("setTimeout", (callback: unknown, delayMs?: unknown, ...values: unknown[]) =>
    start(callback, delayMs, values, false),
  );
  defineGlobal("setInterval", (callback: unknown, delayMs?: unknown, ...values: unknown[]) =>
    start(callback, delayMs, values, true),
  );
  defineGlobal("setImmediate", (callback: unknown, ...values: unknown[]) => start(callback, 0, values, false));
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) defineGlobal(name, clear);
  defineGlobal("queueMicrotask", (callback: Callback) => {
    // oxlint-disable-next-line promise/no-callback-in-promise -- a job of the queue is what is asked for
    void Promise.resolve().then(() => callback());
  });
  defineGlobal("sleep", sleep);
  defineGlobal("sleepUntil", sleepUntil);
}
