// Values of expressions: their kinds, their equality, and what is inside them. Nothing inherited is ever seen.

import { ConditionError, quote } from "./condition-error.ts";
import { Duration, Time, Zone } from "./go-time.ts";
import type { Meter } from "./meter.ts";

/** A JSON object, or a map whose keys may be of any kind. */
export type MapValue = Readonly<Record<string, unknown>> | ReadonlyMap<unknown, unknown>;
export type ListValue = readonly unknown[];

/** A map of texts alone: what is not in it is the empty text, as of a `map[string]string` of Go. */
export class TextMap extends Map<string, string> {}

const maxValueDepth = 500;

/** null and undefined are one value, `nil`. */
export function isNil(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

export function isList(value: unknown): value is ListValue {
  return Array.isArray(value);
}

export function isMap(value: unknown): value is MapValue {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(value instanceof Time || value instanceof Duration || value instanceof Zone);
}

/** The kind of a value, for messages. */
export function kindOf(value: unknown): string {
  if (isNil(value)) return "nil";
  if (isList(value)) return "a list";
  if (value instanceof Time) return "a date";
  if (value instanceof Duration) return "a duration";
  if (value instanceof Zone) return "a timezone";
  return isMap(value) ? "a map" : typeof value === "string" ? "a text" : `a ${typeof value}`;
}

/** @throws {ConditionError} where it is neither true nor false: nothing else stands for them. */
export function asBoolean(value: unknown, at?: number): boolean {
  if (typeof value === "boolean") return value;
  throw new ConditionError(`this is ${kindOf(value)}, not true or false`, at);
}

export function mapSize(map: MapValue): number {
  return map instanceof Map ? map.size : Object.keys(map).length;
}

export function mapEntries(map: MapValue): readonly (readonly [unknown, unknown])[] {
  return map instanceof Map ? [...(map as ReadonlyMap<unknown, unknown>)] : Object.entries(map);
}

/** Undefined where there is no such key. */
export function findInMap(map: MapValue, key: unknown): unknown {
  if (map instanceof Map) return (map as ReadonlyMap<unknown, unknown>).get(key);
  const record = map as Readonly<Record<string, unknown>>;
  return typeof key === "string" && Object.hasOwn(record, key) ? record[key] : undefined;
}

export function hasKey(map: MapValue, key: unknown): boolean {
  return map instanceof Map ? map.has(key) : typeof key === "string" && Object.hasOwn(map, key);
}

function getFromMap(map: MapValue, key: unknown): unknown {
  return findInMap(map, key) ?? (map instanceof TextMap ? "" : null);
}

/** `of.name`: nil where a map has no such key. */
export function getMember(of: unknown, name: string): unknown {
  if (isMap(of)) return getFromMap(of, name);
  const hint = isNil(of) ? '; "?." reads of nil too' : "";
  throw new ConditionError(`cannot read ${quote(name)} of ${kindOf(of)}${hint}`);
}

/** `of[by]`: an item of a list, from its end where negative, or of a map, nil where it has no such key. */
export function getIndexed(of: unknown, by: unknown): unknown {
  if (isMap(of)) {
    if (of instanceof Map || typeof by === "string") return getFromMap(of, by);
    throw new ConditionError(`${kindOf(by)} is no key of this map`);
  }
  if (typeof by !== "number") throw new ConditionError(`cannot read an item of ${kindOf(of)} by ${kindOf(by)}`);
  const place = Math.trunc(by);
  const items: ArrayLike<unknown> | undefined = isList(of) ? of : typeof of === "string" ? Array.from(of) : undefined;
  if (items === undefined) throw new ConditionError(`cannot read an item of ${kindOf(of)}`);
  const index = place < 0 ? items.length + place : place;
  if (index >= 0 && index < items.length) return items[index] ?? null;
  throw new ConditionError(`there is no item ${place}: the length is ${items.length}`);
}

/** Equality without conversion; lists and maps are equal when all in them is. */
export function isEqual(left: unknown, right: unknown, meter: Meter, depth = 0): boolean {
  if (typeof left === "string" && typeof right === "string") {
    if (left.length > 64) meter.spendOnText(Math.min(left.length, right.length));
    return left === right;
  }
  if (isNil(left) || isNil(right)) return isNil(left) && isNil(right);
  if (typeof left !== "object" || typeof right !== "object") return left === right;
  meter.spend(1);
  if (depth > maxValueDepth) throw new ConditionError("the values compared are nested too deeply");
  if (isList(left) && isList(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index], meter, depth + 1));
  }
  if (left instanceof Time && right instanceof Time) return left.unixNs === right.unixNs;
  if (left instanceof Duration && right instanceof Duration) return left.ns === right.ns;
  if (!isMap(left) || !isMap(right)) return false;
  const entries = mapEntries(left);
  meter.spend(entries.length);
  if (entries.length !== mapSize(right)) return false;
  return entries.every(([key, value]) => hasKey(right, key) && isEqual(value, findInMap(right, key), meter, depth + 1));
}

/** Below zero where left comes first; @throws {ConditionError} where the two have no order. */
export function compare(left: unknown, right: unknown, name: string, meter: Meter): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "string" && typeof right === "string") {
    meter.spendOnText(Math.min(left.length, right.length));
    return left === right ? 0 : isBefore(left, right) ? -1 : 1;
  }
  if (left instanceof Time && right instanceof Time) return Number(left.unixNs - right.unixNs);
  if (left instanceof Duration && right instanceof Duration) return Number(left.ns - right.ns);
  throw notDefined(name, left, right);
}

export function notDefined(name: string, left: unknown, right: unknown): ConditionError {
  return new ConditionError(`"${name}" is not defined on ${kindOf(left)} and ${kindOf(right)}`);
}

/** In the order of code points, as bytes of UTF-8 have it; that of UTF-16 is another beyond U+FFFF. */
function isBefore(left: string, right: string): boolean {
  let at = 0;
  while (at < left.length && at < right.length && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  const isHigh = (code: number): boolean => code >= 0xd800 && code < 0xe000;
  const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
  if (at === left.length || at === right.length) return left.length < right.length;
  return isHigh(a) === isHigh(b) ? a < b : isHigh(b);
}

export function assertValueDepth(depth: number): void {
  if (depth > maxValueDepth) throw new ConditionError("the value is nested too deeply");
}
