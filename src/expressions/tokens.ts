// The text of an expression to its words and symbols, each with its place.

import { ConditionError } from "./condition-error.ts";
import { scanString } from "./string-literal.ts";

export type Token =
  | {
      readonly type: "literal";
      readonly at: number;
      readonly text: string;
      readonly value: string | number | boolean | null;
    }
  /** A variable, or the name after a dot. */
  | { readonly type: "name"; readonly at: number; readonly text: string }
  /** `text` as written, `symbol` as the grammar knows it. */
  | { readonly type: "symbol"; readonly at: number; readonly text: string; readonly symbol: string };

const constants: ReadonlyMap<string, boolean | null> = new Map([
  ["true", true],
  ["false", false],
  ["nil", null],
]);
const wordSymbols: ReadonlyMap<string, string> = new Map([
  ["and", "&&"],
  ["or", "||"],
  ["not", "!"],
  ...["in", "contains", "startsWith", "endsWith", "matches"].map((word) => [word, word] as const),
]);

const space = /\s+/y;
const number = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\p{L}\p{N}_$])/uy;
const word = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const symbol = /==|!=|>=|<=|&&|\|\||\/\/|[-+*/%^<>!.,:?()[\]{}]/y;
const negatable = /\s+(in|contains|startsWith|endsWith|matches)(?![\p{L}\p{N}_$])/uy;

/** @throws {ConditionError} at the first character that begins neither word nor symbol. */
export function scanTokens(expression: string): readonly Token[] {
  return [...walkTokens(expression, 0)];
}

/**
 * The offset of the brace that closes what begins at `start`; undefined where none does.
 * @throws {ConditionError} at the first character that begins neither word nor symbol.
 */
export function findClosingBrace(text: string, start: number): number | undefined {
  let open = 0;
  for (const token of walkTokens(text, start)) {
    if (token.type !== "symbol") continue;
    if (token.symbol === "{") open++;
    else if (token.symbol === "}" && open-- === 0) return token.at;
  }
  return undefined;
}

function* walkTokens(expression: string, start: number): Generator<Token, void> {
  let before: Token | undefined;
  for (let at = skipSpace(expression, start); at < expression.length; at = skipSpace(expression, at)) {
    const token = scanToken(expression, at, before);
    yield token;
    before = token;
    at += token.text.length;
  }
}

function skipSpace(expression: string, at: number): number {
  return at + (matchAt(space, expression, at)?.length ?? 0);
}

function scanToken(expression: string, at: number, before: Token | undefined): Token {
  const quote = expression[at];
  if (quote === '"' || quote === "'") return { type: "literal", at, ...scanString(expression, at) };
  const digits = matchAt(number, expression, at);
  if (digits !== undefined) return { type: "literal", at, text: digits, value: Number(digits) };
  const letters = matchAt(word, expression, at);
  if (letters !== undefined) return wordToken(expression, at, letters, before);
  const text = matchAt(symbol, expression, at);
  if (text === undefined) throw unknownCharacter(expression, at);
  return text === "-" && !endsOperand(before)
    ? negativeNumber(expression, at)
    : { type: "symbol", at, text, symbol: text };
}

function wordToken(expression: string, at: number, text: string, before: Token | undefined): Token {
  const isMember = before?.type === "symbol" && before.symbol === ".";
  if (isMember) return { type: "name", at, text };
  const constant = constants.get(text);
  if (constant !== undefined) return { type: "literal", at, text, value: constant };
  const known = wordSymbols.get(text);
  if (known === undefined) return { type: "name", at, text };
  const rest = text === "not" && endsOperand(before) ? matchAt(negatable, expression, at + text.length) : undefined;
  if (rest !== undefined) return { type: "symbol", at, text: text + rest, symbol: negated(rest.trim()) };
  return { type: "symbol", at, text, symbol: known };
}

/** The grammar's name of `not in`, `not contains`, …: one word, because the parser knows no others. */
export function negated(operator: string): string {
  return `not_${operator}`;
}

function negativeNumber(expression: string, at: number): Token {
  const start = skipSpace(expression, at + 1);
  const digits = matchAt(number, expression, start);
  if (digits === undefined) throw new ConditionError("only a number can have a minus before it", at);
  return { type: "literal", at, text: expression.slice(at, start + digits.length), value: -Number(digits) };
}

/** True where an operator can follow, and a value cannot. */
export function endsOperand(token: Token | undefined): boolean {
  if (token === undefined) return false;
  return token.type !== "symbol" || token.symbol === ")" || token.symbol === "]" || token.symbol === "}";
}

function unknownCharacter(expression: string, at: number): ConditionError {
  const character = String.fromCodePoint(expression.codePointAt(at) ?? 0);
  const hint =
    character === "=" ? '; write "==" to compare' : character === "&" || character === "|" ? "; write it twice" : "";
  return new ConditionError(`unexpected ${JSON.stringify(character)}${hint}`, at);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
