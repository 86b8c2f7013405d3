// What the operators between two values do. Texts are never numbers and nothing is converted.

import { ConditionError } from "./condition-error.ts";
import type { Meter } from "./meter.ts";
import { negated } from "./tokens.ts";
import { isEqual, isMap, isNil, kindOf } from "./values.ts";

/** An operator; throws a ConditionError without a place where it is not defined on its operands. */
export type Operator = (left: unknown, right: unknown, meter: Meter) => unknown;

/** Longer ones could be made such that each place of a long text is compared with nearly all of them. */
const maxSoughtCharacters = 4096;
const maxTextCharacters = 4 * 1024 * 1024;

const texts: Readonly<Record<string, Operator>> = {
  contains: onTexts("contains", containsText),
  startsWith: onTexts("startsWith", (text, start) => text.startsWith(start)),
  endsWith: onTexts("endsWith", (text, end) => text.endsWith(end)),
  in: isIn,
};

export const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["==", isEqual],
  ["!=", (left, right, meter) => !isEqual(left, right, meter)],
  ["<", inOrder("<", (order) => order < 0)],
  ["<=", inOrder("<=", (order) => order <= 0)],
  [">", inOrder(">", (order) => order > 0)],
  [">=", inOrder(">=", (order) => order >= 0)],
  ...Object.entries(texts),
  ...Object.entries(texts).map(([name, has]): [string, Operator] => [
    negated(name),
    (l, r, meter) => !has(l, r, meter),
  ]),
  ["+", add],
  ["-", onNumbers("-", (left, right) => left - right)],
  ["*", onNumbers("*", (left, right) => left * right)],
  ["/", onNumbers("/", (left, right) => left / right)],
  ["//", onNumbers("//", (left, right) => Math.floor(left / right))],
  ["%", onNumbers("%", (left, right) => left % right)],
  ["^", onNumbers("^", (left, right) => left ** right)],
]);

function notDefined(name: string, left: unknown, right: unknown): ConditionError {
  return new ConditionError(`"${name}" is not defined on ${kindOf(left)} and ${kindOf(right)}`);
}

/** As in expr-lang, nil has and begins with nothing. */
function onTexts(name: string, test: (left: string, right: string, meter: Meter) => boolean): Operator {
  return (left, right, meter) => {
    if (isNil(left) || isNil(right)) return false;
    if (typeof left !== "string" || typeof right !== "string") throw notDefined(name, left, right);
    meter.spendOnText(Math.min(left.length, right.length));
    return test(left, right, meter);
  };
}

function containsText(text: string, sought: string, meter: Meter): boolean {
  if (sought.length > maxSoughtCharacters) {
    throw new ConditionError(`the text sought is longer than ${maxSoughtCharacters} characters`);
  }
  meter.spendOnText(text.length * (1 + sought.length / 256));
  return text.includes(sought);
}

function isIn(item: unknown, container: unknown, meter: Meter): boolean {
  if (isNil(container)) return false;
  if (Array.isArray(container)) return container.some((candidate) => isEqual(candidate, item, meter));
  if (isMap(container)) return typeof item === "string" && Object.hasOwn(container, item);
  if (typeof container !== "string" || typeof item !== "string") throw notDefined("in", item, container);
  return containsText(container, item, meter);
}

function onNumbers(name: string, compute: (left: number, right: number) => number): Operator {
  return (left, right) => {
    if (typeof left !== "number" || typeof right !== "number") throw notDefined(name, left, right);
    return compute(left, right);
  };
}

function add(left: unknown, right: unknown, meter: Meter): string | number {
  if (typeof left === "number" && typeof right === "number") return left + right;
  if (typeof left !== "string" || typeof right !== "string") throw notDefined("+", left, right);
  const length = left.length + right.length;
  if (length > maxTextCharacters) throw new ConditionError(`the text is longer than ${maxTextCharacters} characters`);
  meter.spendOnText(length);
  return left + right;
}

/** As in jexl, nothing is greater or less than nil. */
function inOrder(name: string, holds: (order: number) => boolean): Operator {
  return (left, right, meter) => {
    if (isNil(left) || isNil(right)) return false;
    if (typeof left === "string" && typeof right === "string") {
      meter.spendOnText(Math.min(left.length, right.length));
      return holds(left < right ? -1 : left > right ? 1 : 0);
    }
    if (typeof left !== "number" || typeof right !== "number") throw notDefined(name, left, right);
    return holds(left - right);
  };
}
