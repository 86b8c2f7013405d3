// Functions on numbers: https://expr-lang.org/docs/language-definition#number-functions and #bitwise-functions.

import { type Arguments, callable, type Callables } from "./arguments.ts";
import { ConditionError } from "./condition-error.ts";
import type { Meter } from "./meter.ts";
import { assertValueDepth, isList, kindOf } from "./values.ts";

export const numberFunctions: Callables = {
  max: callable(1, Infinity, (given) => extreme(given, (a, b) => a > b)),
  min: callable(1, Infinity, (given) => extreme(given, (a, b) => a < b)),
  mean: callable(1, Infinity, (given) => {
    const numbers = flatNumbers(given);
    return numbers.length === 0 ? 0 : numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  }),
  median: callable(1, Infinity, (given) => {
    const numbers = flatNumbers(given).toSorted((a, b) => a - b);
    const upper = numbers[Math.floor(numbers.length / 2)] ?? 0;
    return numbers.length % 2 === 1 ? upper : ((numbers[numbers.length / 2 - 1] ?? 0) + upper) / 2;
  }),
  abs: callable(1, 1, (given) => Math.abs(given.number(0))),
  ceil: callable(1, 1, (given) => Math.ceil(given.number(0)) + 0),
  floor: callable(1, 1, (given) => Math.floor(given.number(0))),
  /** Half away from zero. */
  round: callable(1, 1, (given) => Math.sign(given.number(0)) * Math.round(Math.abs(given.number(0))) + 0),
  bitand: callable(2, 2, (given) => bits(given, (a, b) => a & b)),
  bitor: callable(2, 2, (given) => bits(given, (a, b) => a | b)),
  bitxor: callable(2, 2, (given) => bits(given, (a, b) => a ^ b)),
  bitnand: callable(2, 2, (given) => bits(given, (a, b) => a & ~b)),
  bitnot: callable(1, 1, (given) => Number(~toBits(given, 0))),
  bitshl: callable(2, 2, (given) => shift(given, (a, b) => (b > 63n ? 0n : a << b))),
  bitshr: callable(2, 2, (given) => shift(given, (a, b) => a >> (b > 63n ? 63n : b))),
  bitushr: callable(2, 2, (given) => shift(given, (a, b) => (b > 63n ? 0n : BigInt.asUintN(64, a) >> b))),
};

function extreme(given: Arguments, wins: (a: number, b: number) => boolean): number | null {
  const [first, ...others] = flatNumbers(given);
  if (first === undefined) return null;
  return others.reduce((best, each) => (wins(each, best) ? each : best), first);
}

/** All numbers among the arguments and in the lists among them. */
function flatNumbers(given: Arguments): readonly number[] {
  const numbers: number[] = [];
  collect(given.values, numbers, given, 0);
  return numbers;
}

function collect(values: readonly unknown[], numbers: number[], given: Arguments, depth: number): void {
  assertValueDepth(depth);
  given.meter.makeItems(values.length);
  for (const value of values) {
    if (typeof value === "number") numbers.push(value);
    else if (isList(value)) collect(value, numbers, given, depth + 1);
    else throw new ConditionError(`${given.name}() takes numbers and lists of numbers, not ${kindOf(value)}`);
  }
}

export function sumOf(values: readonly unknown[], meter: Meter, add: (a: unknown, b: unknown) => unknown): unknown {
  meter.spend(values.length);
  return values.reduce((sum, value) => add(value, sum), 0);
}

function toBits(given: Arguments, index: number): bigint {
  return BigInt.asIntN(64, BigInt(given.integer(index)));
}

function bits(given: Arguments, compute: (a: bigint, b: bigint) => bigint): number {
  return Number(BigInt.asIntN(64, compute(toBits(given, 0), toBits(given, 1))));
}

function shift(given: Arguments, compute: (a: bigint, b: bigint) => bigint): number {
  if (given.integer(1) < 0) throw new ConditionError(`bits cannot be shifted by ${given.integer(1)}`);
  return bits(given, compute);
}
