// Numbers as they are written: 42, 0x2A, 0o52, 0b101010, 1_000, .5, 1e3.

import { ConditionError } from "./condition-error.ts";

const number = /0[xX][\da-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|(?:[\d_]*(?:\.(?!\.)[\d_]*)?)(?:[eE][+-]?[\d_]*)?/y;
const continues = /[\p{L}\p{Nd}_$]/uy;
const greatestInteger = 2n ** 63n;

/**
 * The number that begins at `start`, as the nearest float64.
 * @throws {ConditionError} when it is none, or not below 2^63 where it is written as an integer.
 */
export function readNumber(expression: string, start: number): { readonly value: number; readonly end: number } {
  number.lastIndex = start;
  const text = number.exec(expression)?.[0] ?? "";
  const end = start + text.length;
  continues.lastIndex = end;
  const digits = text.replaceAll("_", "").toLowerCase();
  const isValid = /^(?:0x[\da-f]+|0o[0-7]+|0b[01]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/.test(digits);
  if (!isValid || continues.test(expression)) throw new ConditionError("this is not a number", start);
  if (/^(?:\d+|0[xob].*)$/.test(digits) && BigInt(digits) >= greatestInteger) {
    throw new ConditionError("the integer is too large", start);
  }
  const value = Number(digits);
  if (!Number.isFinite(value)) throw new ConditionError("the number is too large", start);
  return { value, end };
}
