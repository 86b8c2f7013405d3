// What the operators between two values do. Texts are never numbers and nothing is converted.

import { ConditionError } from "./condition-error.ts";
import { Duration, Time } from "./go-time.ts";
import type { Meter } from "./meter.ts";
import { compare, hasKey, isEqual, isList, isMap, isNil, kindOf, notDefined } from "./values.ts";

/** An operator; throws a ConditionError without a place where it is not defined on its operands. */
export type Operator = (left: unknown, right: unknown, meter: Meter) => unknown;

export const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["==", isEqual],
  ["!=", (left, right, meter) => !isEqual(left, right, meter)],
  ["<", (left, right, meter) => compare(left, right, "<", meter) < 0],
  ["<=", (left, right, meter) => compare(left, right, "<=", meter) <= 0],
  [">", (left, right, meter) => compare(left, right, ">", meter) > 0],
  [">=", (left, right, meter) => compare(left, right, ">=", meter) >= 0],
  ["contains", onTexts("contains", contains)],
  ["startsWith", onTexts("startsWith", (text, start) => text.startsWith(start))],
  ["endsWith", onTexts("endsWith", (text, end) => text.endsWith(end))],
  ["in", isIn],
  ["+", add],
  ["-", subtract],
  ["*", multiply],
  ["/", onNumbers("/", (left, right) => left / right)],
  ["%", remainder],
  ["^", onNumbers("^", (left, right) => left ** right)],
  ["**", onNumbers("**", (left, right) => left ** right)],
  ["..", range],
]);

/** As in expr-lang, nil has and begins with nothing. */
function onTexts(name: string, test: (left: string, right: string, meter: Meter) => boolean): Operator {
  return (left, right, meter) => {
    if (isNil(left) || isNil(right)) return false;
    if (typeof left !== "string" || typeof right !== "string") throw notDefined(name, left, right);
    meter.spendOnText(Math.min(left.length, right.length));
    return test(left, right, meter);
  };
}

/** A search may compare each place of the text with nearly all of what is sought. */
export function contains(text: string, sought: string, meter: Meter): boolean {
  meter.spendOnText(text.length * (1 + sought.length / 256));
  return text.includes(sought);
}

function isIn(item: unknown, container: unknown, meter: Meter): boolean {
  if (isNil(container)) return false;
  if (isList(container)) {
    meter.spend(container.length / 8);
    return container.some((candidate) => isEqual(candidate, item, meter));
  }
  if (!isMap(container)) throw notDefined("in", item, container);
  if (container instanceof Map || typeof item === "string") return hasKey(container, item);
  throw new ConditionError(`${kindOf(item)} is no key of this map`);
}

function onNumbers(name: string, compute: (left: number, right: number) => number): Operator {
  return (left, right) => {
    if (typeof left !== "number" || typeof right !== "number") throw notDefined(name, left, right);
    return compute(left, right);
  };
}

export function add(left: unknown, right: unknown, meter: Meter): unknown {
  if (typeof left === "number" && typeof right === "number") return left + right;
  if (typeof left === "string" && typeof right === "string") {
    meter.makeText(left.length + right.length);
    return left + right;
  }
  if (left instanceof Duration) {
    if (right instanceof Duration) return new Duration(left.ns + right.ns);
    if (right instanceof Time) return right.add(left);
  }
  if (left instanceof Time && right instanceof Duration) return left.add(right);
  throw notDefined("+", left, right);
}

function subtract(left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (left instanceof Duration && right instanceof Duration) return new Duration(left.ns - right.ns);
  if (left instanceof Time) {
    if (right instanceof Time) return new Duration(left.unixNs - right.unixNs);
    if (right instanceof Duration) return left.add(new Duration(-right.ns));
  }
  throw notDefined("-", left, right);
}

function multiply(left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") return left * right;
  if (left instanceof Duration && typeof right === "number") return left.times(right);
  if (right instanceof Duration && typeof left === "number") return right.times(left);
  throw notDefined("*", left, right);
}

function remainder(left: unknown, right: unknown): number {
  if (typeof left !== "number" || typeof right !== "number") throw notDefined("%", left, right);
  if (!Number.isInteger(left) || !Number.isInteger(right)) {
    throw new ConditionError(`"%" is defined on whole numbers only, not on ${left} and ${right}`);
  }
  if (right === 0) throw new ConditionError("there is no remainder of a division by zero");
  // Not -0.
  return (left % right) + 0;
}

function range(from: unknown, to: unknown, meter: Meter): readonly number[] {
  if (typeof from !== "number" || typeof to !== "number") throw notDefined("..", from, to);
  const first = Math.trunc(from);
  const length = Math.max(0, Math.trunc(to) - first + 1);
  if (!Number.isFinite(length)) throw new ConditionError(`there is no list from ${from} to ${to}`);
  meter.makeItems(length);
  return Array.from({ length }, (_, index) => first + index);
}
