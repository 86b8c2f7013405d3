// `structuredClone` of the values an engine without a DOM has. HTML Standard §2.7.

import { defineGlobal } from "./host.ts";

function clone(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value === "function" || typeof value === "symbol") {
    throw new TypeError(`structuredClone: a ${typeof value} cannot be cloned`);
  }
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const keep = <T extends object>(copy: T): T => {
    seen.set(value, copy);
    return copy;
  };
  if (Array.isArray(value)) {
    const copy: unknown[] = keep([]);
    // Holes stay holes.
    copy.length = value.length;
    for (const index of value.keys()) if (index in value) copy[index] = clone(value[index], seen);
    return copy;
  }
  if (value instanceof Date) return keep(new Date(value.getTime()));
  if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
  if (value instanceof ArrayBuffer) return keep(value.slice(0));
  if (ArrayBuffer.isView(value)) return keep(cloneView(value));
  if (value instanceof Map) {
    const copy = keep(new Map<unknown, unknown>());
    for (const [key, item] of value) copy.set(clone(key, seen), clone(item, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set<unknown>());
    for (const item of value) copy.add(clone(item, seen));
    return copy;
  }
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) {
    throw new TypeError(`structuredClone: a ${value.constructor.name} cannot be cloned`);
  }
  const copy = keep(value instanceof Error ? cloneError(value) : {});
  for (const key of Object.keys(value)) {
    Object.defineProperty(copy, key, {
      value: clone(Reflect.get(value, key), seen),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return copy;
}

function cloneView(view: ArrayBufferView): ArrayBufferView {
  const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  const make = view.constructor as new (buffer: ArrayBufferLike) => ArrayBufferView;
  return new make(bytes);
}

const cloneableErrors = new Set([
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
]);

function cloneError(error: Error): Error {
  const copy = new Error(error.message);
  copy.name = cloneableErrors.has(error.name) ? error.name : "Error";
  if (error.stack !== undefined) copy.stack = error.stack;
  return copy;
}

export function installStructuredClone(): void {
  defineGlobal("structuredClone", (value: unknown) => clone(value, new Map()));
}
