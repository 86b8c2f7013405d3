// Texts between quotes, with the escapes of Go.

import { ConditionError } from "./condition-error.ts";

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
const codeLengths: Readonly<Record<string, number>> = { x: 2, u: 4 };

export interface StringLiteral {
  /** As written, quotes included. */
  readonly text: string;
  readonly value: string;
}

/**
 * The string that begins at `start`. An unknown escape keeps its backslash, so that "\d" can be written in patterns.
 * @throws {ConditionError} when its quote is not closed.
 */
export function scanString(expression: string, start: number): StringLiteral {
  const quote = expression[start];
  let value = "";
  let at = start + 1;
  for (;;) {
    const character = expression[at];
    if (character === undefined) throw new ConditionError("the text is not closed", start);
    if (character === quote) return { text: expression.slice(start, at + 1), value };
    if (character !== "\\") {
      value += character;
      at += 1;
      continue;
    }
    const escape = readEscape(expression, at);
    value += escape.value;
    at += escape.length;
  }
}

function readEscape(expression: string, at: number): { readonly value: string; readonly length: number } {
  const letter = expression[at + 1] ?? "";
  if (letter === "\\" || letter === '"' || letter === "'") return { value: letter, length: 2 };
  const simple = escapes[letter];
  if (simple !== undefined) return { value: simple, length: 2 };
  const codeLength = codeLengths[letter];
  const digits = codeLength === undefined ? "" : expression.slice(at + 2, at + 2 + codeLength);
  if (digits.length !== codeLength || !/^[0-9a-fA-F]+$/.test(digits)) return { value: "\\", length: 1 };
  return { value: String.fromCharCode(Number.parseInt(digits, 16)), length: 2 + codeLength };
}
