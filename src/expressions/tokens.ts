// The text of an expression to its tokens, each with its place; https://expr-lang.org/docs/language-definition#literals.

import { ConditionError } from "./condition-error.ts";
import { readNumber } from "./number-literal.ts";
import { readBytes, readRawString, readString } from "./string-literal.ts";

export type Token = { readonly at: number; readonly end: number } & (
  | { readonly type: "literal"; readonly value: string | number | readonly number[] }
  /** A variable, a function, a constant, or the name after a dot. */
  | { readonly type: "name"; readonly text: string }
  | { readonly type: "operator"; readonly text: string }
  | { readonly type: "end" }
);

const wordOperators: ReadonlySet<string> = new Set(
  "not in or and matches contains startsWith endsWith let if else".split(" "),
);

const space = /(?:[\s\u0085]|\/\/[^\n]*|\/\*[^]*?\*\/)+/y;
const word = /[\p{L}_$][\p{L}\p{Nd}_$]*/uy;
const symbol = /\?\.|\?\?|\|\||&&|==|!=|<=|>=|\*\*|\.\.|::|[?|#:()[\]{},;%+\-^!=*<>./]/y;

/** @throws {ConditionError} at the first character that begins no token. */
export function scanTokens(expression: string): readonly Token[] {
  return [...walkTokens(expression, 0)];
}

/**
 * The offset of the brace that closes what begins at `start`; undefined where none does.
 * @throws {ConditionError} at the first character that begins no token.
 */
export function findClosingBrace(text: string, start: number): number | undefined {
  let open = 0;
  for (const token of walkTokens(text, start)) {
    if (token.type !== "operator") continue;
    if (token.text === "{") open++;
    else if (token.text === "}" && open-- === 0) return token.at;
  }
  return undefined;
}

function* walkTokens(expression: string, start: number): Generator<Token, void> {
  let at = start;
  for (;;) {
    at += matchAt(space, expression, at)?.length ?? 0;
    if (at >= expression.length) break;
    const token = scanToken(expression, at);
    yield token;
    at = token.end;
  }
  yield { type: "end", at, end: at };
}

function scanToken(expression: string, at: number): Token {
  const first = expression.charAt(at);
  if (first === '"' || first === "'") return { type: "literal", at, ...readString(expression, at) };
  if (first === "`") return { type: "literal", at, ...readRawString(expression, at) };
  if (/^[bB]["']/.test(expression.slice(at, at + 2))) return { type: "literal", at, ...readBytes(expression, at) };
  if (/^\.?\d/.test(expression.slice(at, at + 2))) return { type: "literal", at, ...readNumber(expression, at) };
  const letters = matchAt(word, expression, at);
  if (letters !== undefined) {
    const type = wordOperators.has(letters) ? "operator" : "name";
    return { type, at, end: at + letters.length, text: letters };
  }
  if (expression.startsWith("/*", at)) throw new ConditionError("the comment is not closed", at);
  const text = matchAt(symbol, expression, at);
  if (text === undefined) throw unknownCharacter(expression, at);
  return { type: "operator", at, end: at + text.length, text };
}

function unknownCharacter(expression: string, at: number): ConditionError {
  const character = String.fromCodePoint(expression.codePointAt(at) ?? 0);
  return new ConditionError(
    `unexpected ${JSON.stringify(character)}${character === "&" ? "; write it twice" : ""}`,
    at,
  );
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
