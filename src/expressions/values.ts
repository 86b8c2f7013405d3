// Values in a condition: their kinds, their equality, and what is inside them. Nothing inherited is ever seen.

import { ConditionError } from "./condition-error.ts";
import type { Meter } from "./meter.ts";

const maxEqualityDepth = 500;

/** null and undefined are one value, `nil`. */
export function isNil(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The kind of a value, for messages. */
export function kindOf(value: unknown): string {
  if (isNil(value)) return "nil";
  if (Array.isArray(value)) return "a list";
  return isMap(value) ? "a map" : `a ${typeof value}`;
}

/** `of.name`: of a list its first item's, as in jexl; nil where there is none. */
export function findMember(of: unknown, name: string): unknown {
  const owner: unknown = Array.isArray(of) ? of[0] : of;
  return isMap(owner) && Object.hasOwn(owner, name) ? owner[name] : null;
}

/** `of[by]`: an item of a list (from its end where negative) or of a map; with true `of` itself; else nil. */
export function findIndexed(of: unknown, by: unknown): unknown {
  if (typeof by === "boolean") return by ? of : null;
  if (Array.isArray(of)) return typeof by === "number" && Number.isInteger(by) ? of.at(by) : null;
  if (!isMap(of) || (typeof by !== "string" && typeof by !== "number")) return null;
  return Object.hasOwn(of, by) ? of[by] : null;
}

/** Equality without conversion; lists and maps are equal when all in them is. */
export function isEqual(left: unknown, right: unknown, meter: Meter, depth = 0): boolean {
  meter.spend(1);
  if (isNil(left) || isNil(right)) return isNil(left) && isNil(right);
  if (typeof left === "string" && typeof right === "string") {
    meter.spendOnText(Math.min(left.length, right.length));
    return left === right;
  }
  if (depth > maxEqualityDepth) throw new ConditionError("the values compared are nested too deeply");
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index], meter, depth + 1));
  }
  if (!isMap(left) || !isMap(right)) return left === right;
  const names = Object.keys(left);
  meter.spend(names.length);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => Object.hasOwn(right, name) && isEqual(left[name], right[name], meter, depth + 1));
}
