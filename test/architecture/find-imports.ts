// Every way in which a file refers to another: import, export from, types, `import()`, `new URL(…, import.meta.url)`.

import { tokenize, type Token } from "./tokenize.ts";

export interface Import {
  /** As written; null where it is computed at run time. */
  readonly specifier: string | null;
  /** Nothing of it is left after the types are removed. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** Finds `from "…"` at or after `at`, before the statement ends. */
function findSource(tokens: readonly Token[], at: number): number {
  for (let index = at; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token?.kind === "punctuation" && token.text === ";") return -1;
    if (token?.kind === "word" && token.text === "from" && tokens[index + 1]?.kind === "string") return index + 1;
  }
  return -1;
}

function closingBrace(tokens: readonly Token[], open: number): number {
  const close = tokens.findIndex((token, index) => index > open && token.kind === "punctuation" && token.text === "}");
  return close === -1 ? tokens.length : close;
}

/** `{ type A, type B }` and `type { A }` leave nothing behind. */
function isTypeOnly(clause: readonly Token[]): boolean {
  const [first, second] = clause;
  if (first?.text === "type" && second?.text !== "from" && second?.text !== ",") return true;
  if (first?.text !== "{" || clause.length <= 2) return false;
  const names: Token[][] = [[]];
  for (const token of clause.slice(1, -1)) {
    if (token.text === ",") names.push([]);
    else names.at(-1)?.push(token);
  }
  return names.filter((name) => name.length > 0).every((name) => name[0]?.text === "type" && name.length > 1);
}

/** `import … from`, `import "…"`, `export … from`; null where the word begins something else. */
function readStatement(tokens: readonly Token[], at: number): Import | null {
  const start = tokens[at];
  const next = tokens[at + 1];
  if (start === undefined || next === undefined) return null;
  if (start.text === "import" && next.kind === "string") {
    return { specifier: next.text, typeOnly: false, line: start.line };
  }
  if (start.text === "export") {
    const clause = next.text === "type" ? tokens[at + 2] : next;
    if (clause?.text !== "*" && clause?.text !== "{") return null;
    const open = next.text === "type" ? at + 2 : at + 1;
    if (clause.text === "{" && tokens[closingBrace(tokens, open) + 1]?.text !== "from") return null;
  }
  const source = findSource(tokens, at + 1);
  const from = tokens[source];
  if (from === undefined) return null;
  const typeOnly = isTypeOnly(tokens.slice(at + 1, source - 1));
  return { specifier: from.text, typeOnly, line: start.line };
}

/** The first argument of a call whose `(` is at `open`. */
function readCall(tokens: readonly Token[], open: number, typeOnly: boolean): Import {
  const argument = tokens[open + 1];
  const after = tokens[open + 2]?.text;
  const isLiteral = argument?.kind === "string" && (after === ")" || after === ",");
  const line = tokens[open]?.line ?? 0;
  return { specifier: isLiteral ? argument.text : null, typeOnly, line };
}

function matches(tokens: readonly Token[], at: number, texts: readonly string[]): boolean {
  return texts.every((text, offset) => tokens[at + offset]?.text === text && tokens[at + offset]?.kind !== "string");
}

/** Only the literal first argument of `new URL` beside `import.meta.url` names a file. */
function readUrl(tokens: readonly Token[], at: number): Import | null {
  const isFile = tokens[at + 3]?.kind === "string" && matches(tokens, at + 5, ["import", ".", "meta", ".", "url"]);
  return isFile ? readCall(tokens, at + 2, false) : null;
}

function readImport(tokens: readonly Token[], at: number): Import | null {
  const previous = tokens[at - 1]?.text;
  if (previous === "." || tokens[at]?.kind !== "word") return null;
  if (matches(tokens, at, ["import", "("])) return readCall(tokens, at + 1, false);
  if (matches(tokens, at, ["require", "("])) return readCall(tokens, at + 1, false);
  if (matches(tokens, at, ["require", ".", "resolve", "("])) return readCall(tokens, at + 3, false);
  if (matches(tokens, at, ["import", ".", "meta", ".", "resolve", "("])) return readCall(tokens, at + 5, false);
  if (matches(tokens, at, ["new", "URL", "("])) return readUrl(tokens, at);
  if (matches(tokens, at, ["import", "."])) return null;
  const text = tokens[at]?.text;
  // `{ import: …}` and `import?: …` are names of properties.
  const isName =
    [":", "?", ",", "}", ")", "="].includes(tokens[at + 1]?.text ?? "") && tokens[at + 1]?.kind !== "string";
  return (text === "import" || text === "export") && !isName ? readStatement(tokens, at) : null;
}

export function findImports(source: string): readonly Import[] {
  const tokens = tokenize(source);
  return tokens.flatMap((_, at) => readImport(tokens, at) ?? []);
}
