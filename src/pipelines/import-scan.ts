// The imports of a source text and where they are: the bundler tells neither their place nor their attributes.

import { createPlaceFinder, type Token, tokenize } from "./source-tokens.ts";

export interface FoundImport {
  readonly kind: "static" | "dynamic" | "require";
  /** Null where it is computed. */
  readonly specifier: string | null;
  /** Value of the attribute `type`, as in `with { type: "text" }`. */
  readonly attribute: string | null;
  /** `import type`, `export type`: gone before anything is loaded. */
  readonly typeOnly: boolean;
  /** Place of the specifier, or of the call where it is computed; both from 1. */
  readonly line: number;
  readonly column: number;
}

interface RawImport extends Omit<FoundImport, "line" | "column"> {
  readonly offset: number;
}

/** Tokens after which an import that has not ended is none: no text may take quadratic time. */
const maxStatementTokens = 2000;
const maxCallTokens = 200;

export function scanImports(source: string): FoundImport[] {
  const tokens = tokenize(source);
  const found: FoundImport[] = [];
  const placeOf = createPlaceFinder(source);
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== "word") continue;
    const one = readers.get(token.text)?.(tokens, index);
    if (one) found.push({ ...one, ...placeOf(one.offset) });
  }
  return found;
}

type Reader = (tokens: readonly Token[], index: number) => RawImport | undefined;

const readers = new Map<string, Reader>([
  ["import", readImport],
  ["export", (tokens, index) => (isSign(tokens[index - 1], ".") ? undefined : readStatement(tokens, index))],
  ["require", readRequire],
]);

function readImport(tokens: readonly Token[], index: number): RawImport | undefined {
  if (isSign(tokens[index - 1], ".")) return undefined;
  if (isSign(tokens[index + 1], "(")) return readCall(tokens, index, index + 1, "dynamic");
  return readStatement(tokens, index);
}

function readRequire(tokens: readonly Token[], index: number): RawImport | undefined {
  const afterDot = isSign(tokens[index - 1], ".");
  if ((afterDot && !isWord(tokens[index - 2], "meta")) || isWord(tokens[index - 1], "function")) return undefined;
  const resolves = isSign(tokens[index + 1], ".") && isWord(tokens[index + 2], "resolve");
  const open = resolves ? index + 3 : index + 1;
  return isSign(tokens[open], "(") ? readCall(tokens, index, open, "require") : undefined;
}

/** `import "x"`, `import a, { b } from "x" with { … }`, `export * from "x"`, `export { a } from "x"`. */
function readStatement(tokens: readonly Token[], index: number): RawImport | undefined {
  const first = tokens[index + 1];
  const exports = isWord(tokens[index], "export");
  if (exports && !isSign(first, "{") && !isSign(first, "*") && !isWord(first, "type")) return undefined;
  const typeOnly = isWord(first, "type") && !isWord(tokens[index + 2], "from") && !isSign(tokens[index + 2], ",");
  const end = Math.min(tokens.length, index + maxStatementTokens);
  for (let at = index + 1, depth = 0; at < end; at++) {
    const token = tokens[at];
    if (!token || token.kind === "other") return undefined;
    const from = isWord(tokens[at - 1], "from") || (at === index + 1 && !exports);
    if (depth === 0 && token.kind === "string") {
      if (!from) return undefined;
      const attribute = readAttribute(tokens, at + 1);
      return { kind: "static", specifier: token.text, attribute, typeOnly, offset: token.offset };
    }
    if (depth === 0 && (isWord(token, "import") || isWord(token, "export"))) return undefined;
    if (token.kind !== "punct") continue;
    if (!"{},*".includes(token.text)) return undefined;
    if (token.text === "{" && ++depth > 1) return undefined;
    if (token.text === "}") depth -= 1;
  }
  return undefined;
}

function readAttribute(tokens: readonly Token[], index: number): string | null {
  const begins = isWord(tokens[index], "with") || isWord(tokens[index], "assert");
  if (!begins || !isSign(tokens[index + 1], "{")) return null;
  return findType(tokens, index + 2, "}");
}

/** `import(x)`, `require(x)`: also with attributes, as in `import("x", { with: { type: "json" } })`. */
function readCall(
  tokens: readonly Token[],
  index: number,
  open: number,
  kind: "dynamic" | "require",
): RawImport | undefined {
  const argument = tokens[open + 1];
  const after = tokens[open + 2];
  if (argument?.kind === "string" && (isSign(after, ")") || isSign(after, ","))) {
    const attribute = isSign(after, ",") ? findType(tokens, open + 3, ")") : null;
    return { kind, specifier: argument.text, attribute, typeOnly: false, offset: argument.offset };
  }
  if (isMethod(tokens, index, open)) return undefined;
  return { kind, specifier: null, attribute: null, typeOnly: false, offset: tokens[index]?.offset ?? 0 };
}

/** `class { import(x) { … } }` declares; it does not call. */
function isMethod(tokens: readonly Token[], index: number, open: number): boolean {
  let close = open;
  const end = Math.min(tokens.length, open + maxCallTokens);
  for (let depth = 0; close < end; close++) {
    if (isSign(tokens[close], "(")) depth += 1;
    if (isSign(tokens[close], ")") && --depth === 0) break;
  }
  if (isSign(tokens[close + 1], "{")) return true;
  const before = tokens[index - 1];
  return isSign(tokens[close + 1], ":") && before?.kind === "punct" && "{};,".includes(before.text);
}

function findType(tokens: readonly Token[], start: number, end: string): string | null {
  const last = Math.min(tokens.length, start + maxCallTokens);
  for (let at = start; at < last && !isSign(tokens[at], end); at++) {
    const value = tokens[at + 2];
    if (tokens[at]?.text !== "type" || !isSign(tokens[at + 1], ":")) continue;
    return value?.kind === "string" ? value.text : "";
  }
  return null;
}

function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === "word" && token.text === text;
}

function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === "punct" && token.text === text;
}
