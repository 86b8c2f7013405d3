// `assert`: a failed assertion is an ordinary error.

import { formatValue } from "./format-value.ts";
import { defineGlobal } from "./host.ts";
import { pause } from "./timers.ts";

class AssertionError extends Error {
  override readonly name = "AssertionError";
}

function fail(message: unknown, fallback: string): never {
  throw new AssertionError(message === undefined ? fallback : `${String(message)} (${fallback})`);
}

/** Same JSON-like structure; numbers compare like Object.is. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && same(Reflect.get(a, key), Reflect.get(b, key)));
}

interface EventuallyOptions {
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  readonly message?: string;
}

async function eventuallyContainsString(
  getter: () => unknown,
  part: string,
  options: EventuallyOptions = {},
): Promise<void> {
  const { timeoutMs = 5000, intervalMs = 100, message } = options;
  const endsAt = Date.now() + timeoutMs;
  for (;;) {
    const text = String(await getter());
    if (text.includes(part)) return;
    if (Date.now() >= endsAt) {
      fail(message, `expected ${formatValue(text)} to contain ${formatValue(part)} within ${timeoutMs} ms`);
    }
    await pause(intervalMs);
  }
}

export function installAssert(): void {
  defineGlobal("assert", {
    equal: (actual: unknown, expected: unknown, message?: unknown) => {
      if (!same(actual, expected)) fail(message, `expected ${show(expected)}, got ${show(actual)}`);
    },
    notEqual: (actual: unknown, expected: unknown, message?: unknown) => {
      if (same(actual, expected)) fail(message, `expected something other than ${show(expected)}`);
    },
    truthy: (value: unknown, message?: unknown) => {
      if (!value) fail(message, `expected a truthy value, got ${show(value)}`);
    },
    containsString: (text: unknown, part: unknown, message?: unknown) => {
      if (!String(text).includes(String(part))) fail(message, `expected ${show(text)} to contain ${show(part)}`);
    },
    containsElement: (list: unknown, element: unknown, message?: unknown) => {
      if (!Array.isArray(list) || !list.some((item) => same(item, element))) {
        fail(message, `expected ${show(list)} to contain ${show(element)}`);
      }
    },
    eventuallyContainsString,
  });
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : formatValue(value);
}
