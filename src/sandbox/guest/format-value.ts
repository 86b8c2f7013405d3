// Any value as text for the log, in the manner of a JavaScript console.

import { stringifyJson } from "./host.ts";

const maxDepth = 6;
const maxEntries = 100;
const maxLength = 65_536;

/** The arguments of one console call as one text, at most 64 KiB. */
export function formatArguments(values: readonly unknown[]): string {
  const text = values.map((value) => (typeof value === "string" ? value : formatValue(value))).join(" ");
  return text.length > maxLength ? `${text.slice(0, maxLength)}… (${text.length - maxLength} more characters)` : text;
}

/** One value as text; never throws, whatever its getters do. */
export function formatValue(value: unknown): string {
  try {
    return format(value, 0, []);
  } catch {
    return "[value that cannot be shown]";
  }
}

function format(value: unknown, depth: number, above: readonly object[]): string {
  if (typeof value === "string") return depth === 0 ? value : stringifyJson(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol") return value.toString();
  if (typeof value === "function") return `[Function: ${value.name || "anonymous"}]`;
  if (typeof value !== "object" || value === null) return String(value);
  if (above.includes(value)) return "[Circular]";
  if (value instanceof Error) return formatError(value);
  if (depth >= maxDepth) return Array.isArray(value) ? "[Array]" : "[Object]";
  return formatObject(value, depth, [...above, value]);
}

function formatError(error: Error): string {
  const head = `${error.name}: ${error.message}`;
  return typeof error.stack === "string" && error.stack !== "" ? `${head}\n${error.stack.trimEnd()}` : head;
}

function formatObject(value: object, depth: number, above: readonly object[]): string {
  const nested = (item: unknown): string => format(item, depth + 1, above);
  if (Array.isArray(value)) return `[${list(value.map(nested), value.length)}]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Promise) return "Promise {}";
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `${nested(key)} => ${nested(item)}`);
    return `Map(${value.size}) {${list(entries, value.size)}}`;
  }
  if (value instanceof Set) return `Set(${value.size}) {${list([...value].map(nested), value.size)}}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength})`;
  const keys = Object.keys(value);
  const entries = keys.slice(0, maxEntries).map((key) => `${keyText(key)}: ${nested(Reflect.get(value, key))}`);
  const name = value.constructor?.name;
  const prefix = name === undefined || name === "Object" ? "" : `${name} `;
  return `${prefix}{${list(entries, keys.length)}}`;
}

function keyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : stringifyJson(key);
}

function list(shown: readonly string[], total: number): string {
  const kept = shown.slice(0, maxEntries);
  if (total > kept.length) kept.push(`… ${total - kept.length} more`);
  const text = kept.join(", ");
  return text === "" ? "" : ` ${text} `;
}
