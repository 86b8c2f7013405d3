// Texts between quotes and backquotes, and bytes, with the escapes of the language.

import { ConditionError } from "./condition-error.ts";

const escapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};
const code = /u\{([\da-fA-F]{1,6})\}|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})/y;
const octal = /[0-3][0-7]{2}/y;
const plain = /[^\\"'\n]+/y;
const greatestCodePoint = 0x10ffff;

interface Literal<Value> {
  readonly value: Value;
  readonly end: number;
}

/**
 * The string that begins with a quote at `start`.
 * @throws {ConditionError} when its quote is not closed in the same line, or an escape is none.
 */
export function readString(expression: string, start: number): Literal<string> {
  const parts: string[] = [];
  const end = walkString(expression, start, (part) => {
    parts.push("text" in part ? part.text : toCharacter(part.codePoint));
  });
  return { value: parts.join(""), end };
}

/** Between backquotes nothing is an escape; two of them are one. */
export function readRawString(expression: string, start: number): Literal<string> {
  for (let at = start + 1; ; at += 2) {
    at = expression.indexOf("`", at);
    if (at === -1) throw new ConditionError("the text is not closed", start);
    if (expression[at + 1] === "`") continue;
    return { value: expression.slice(start + 1, at).replaceAll("``", "`"), end: at + 1 };
  }
}

/** `b"…"`: the bytes of the text in UTF-8; an escape with \x or octal digits is one byte. */
export function readBytes(expression: string, start: number): Literal<readonly number[]> {
  const bytes: number[] = [];
  const end = walkString(expression, start + 1, (part) => {
    if ("text" in part) bytes.push(...Buffer.from(part.text, "utf8"));
    else if (!/[uU]/.test(expression.charAt(part.at + 1))) bytes.push(part.codePoint);
    else throw new ConditionError("bytes have no such escape", part.at);
  });
  return { value: bytes, end };
}

/** Half of a pair is no character of its own, also not beside the other half. */
function toCharacter(codePoint: number): string {
  return codePoint >= 0xd800 && codePoint < 0xe000 ? "\uFFFD" : String.fromCodePoint(codePoint);
}

type Take = (part: { readonly at: number } & ({ readonly text: string } | { readonly codePoint: number })) => void;

/** Hands over each stretch of plain text and each code of an escape; returns the offset behind the closing quote. */
function walkString(expression: string, start: number, take: Take): number {
  const quote = expression[start];
  for (let at = start + 1; ;) {
    const character = expression[at];
    if (character === undefined || character === "\n") throw new ConditionError("the text is not closed", start);
    if (character === quote) return at + 1;
    if (character === "\\") {
      at = walkEscape(expression, at, take);
      continue;
    }
    plain.lastIndex = at;
    const text = plain.exec(expression)?.[0] ?? character;
    take({ text, at });
    at += text.length;
  }
}

function walkEscape(expression: string, at: number, take: Take): number {
  const simple = escapes[expression[at + 1] ?? ""];
  if (simple !== undefined) {
    take({ text: simple, at });
    return at + 2;
  }
  code.lastIndex = octal.lastIndex = at + 1;
  const found = code.exec(expression);
  const hex = found?.slice(1).find((digits) => digits !== undefined);
  const digits = found?.[0] ?? octal.exec(expression)?.[0];
  if (digits === undefined) {
    const shown = JSON.stringify(expression.slice(at, at + 2));
    throw new ConditionError(`${shown} is no escape; a backslash is written twice, or between backquotes`, at);
  }
  const codePoint = hex === undefined ? Number.parseInt(digits, 8) : Number.parseInt(hex, 16);
  if (codePoint > greatestCodePoint) throw new ConditionError("there is no such character", at);
  take({ codePoint, at });
  return at + 1 + digits.length;
}
