// A source text as tokens: enough of JavaScript's and TypeScript's grammar to find imports and fields and say where
// they are. Nothing is made safe by it: what may be loaded is decided where modules are resolved and read.

export interface Token {
  readonly kind: "word" | "string" | "punct" | "other";
  /** The word, the sign, or the value of a string; empty for numbers, regular expressions and template pieces. */
  readonly text: string;
  readonly offset: number;
}

const space = /[\s\uFEFF]+/y;
const lineComment = /(?:\/\/|^#!)[^\n\r\u2028\u2029]*/y;
const word = /[\p{ID_Start}$_][\p{ID_Continue}$\u200C\u200D]*/uy;
const number = /\d[\w.]*/y;
// Neither may span lines, so that a quote in JSX text or a division misread as a regular expression harms one line.
const string = /"(?:[^"\\\n\r]|\\(?:\r\n|[^]))*"|'(?:[^'\\\n\r]|\\(?:\r\n|[^]))*'/y;
const regularExpression = /\/(?![*/])(?:[^\\/[\n\r]|\\[^\n\r]|\[(?:[^\]\\\n\r]|\\[^\n\r])*\])+\/[a-z]*/y;
const templatePiece = /(?:[^`\\$]|\\[^]|\$(?!\{))*(`|\$\{)?/y;

const wordsBeforeExpression = new Set(
  "await case delete do else extends in instanceof new of return throw typeof void yield".split(" "),
);

export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  // One entry for each template whose `${` is open: how many `{` are open inside it.
  const openTemplates: number[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) at += match[0].length;
    return match;
  };
  // What has no end on this line is not looked for again before the next: else a long line takes quadratic time.
  const openUntil = new Map<string, number>();
  const takeOnLine = (pattern: RegExp): RegExpExecArray | null => {
    const sign = source[at] ?? "";
    if (at < (openUntil.get(sign) ?? 0)) return null;
    const match = take(pattern);
    const lineEnd = match ? -1 : source.indexOf("\n", at);
    if (!match) openUntil.set(sign, lineEnd < 0 ? source.length : lineEnd);
    return match;
  };
  const takeTemplate = (offset: number): void => {
    const piece = take(templatePiece);
    const plain = piece?.[1] === "`" && source[offset] === "`";
    tokens.push(plain ? { kind: "string", text: unescape(piece[0].slice(0, -1)), offset } : { ...other, offset });
    if (piece?.[1] === "${") openTemplates.push(0);
  };
  while (at < source.length) {
    const offset = at;
    if (take(space) || take(lineComment)) continue;
    if (source.startsWith("/*", at)) {
      const end = source.indexOf("*/", at + 2);
      at = end < 0 ? source.length : end + 2;
      continue;
    }
    const match = take(word);
    if (match) {
      tokens.push({ kind: "word", text: match[0], offset });
      continue;
    }
    const quoted = source[at] === '"' || source[at] === "'" ? takeOnLine(string) : null;
    if (quoted) {
      tokens.push({ kind: "string", text: unescape(quoted[0].slice(1, -1)), offset });
      continue;
    }
    if (take(number) || (source[at] === "/" && expressionMayBegin(tokens.at(-1)) && takeOnLine(regularExpression))) {
      tokens.push({ ...other, offset });
      continue;
    }
    at += 1;
    const sign = source[offset] ?? "";
    if (sign === "`") {
      takeTemplate(offset);
      continue;
    }
    if (sign === "}" && openTemplates.at(-1) === 0) {
      openTemplates.pop();
      takeTemplate(offset);
      continue;
    }
    const depth = openTemplates.length - 1;
    if (depth >= 0 && sign === "{") openTemplates[depth] = (openTemplates[depth] ?? 0) + 1;
    if (depth >= 0 && sign === "}") openTemplates[depth] = (openTemplates[depth] ?? 0) - 1;
    tokens.push({ kind: "punct", text: sign, offset });
  }
  return tokens;
}

const other = { kind: "other", text: "" } as const;

/** Whether a slash after this token begins a regular expression rather than being a division. */
function expressionMayBegin(before: Token | undefined): boolean {
  if (!before) return true;
  if (before.kind === "word") return wordsBeforeExpression.has(before.text);
  return before.kind === "punct" && !")]}".includes(before.text);
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v", 0: "\0" };

function unescape(text: string): string {
  if (!text.includes("\\")) return text;
  const pattern = /\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|\r\n|([^]))/g;
  return text.replaceAll(pattern, (_whole, braced?: string, unit?: string, byte?: string, plain?: string) => {
    const hex = braced ?? unit ?? byte;
    if (hex) return String.fromCodePoint(Math.min(Number.parseInt(hex, 16), 0x10ffff));
    return plain === undefined || plain === "\n" ? "" : (escapes[plain] ?? plain);
  });
}

export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

/** Gives line and column of places in a text, fast where they are asked for in order. */
export function createPlaceFinder(source: string): (offset: number) => Place {
  let line = 1;
  let lineStart = 0;
  let lineEnd = source.indexOf("\n");
  return (offset) => {
    if (offset < lineStart) [line, lineStart, lineEnd] = [1, 0, source.indexOf("\n")];
    while (lineEnd >= 0 && lineEnd < offset) {
      line += 1;
      lineStart = lineEnd + 1;
      lineEnd = source.indexOf("\n", lineStart);
    }
    return { line, column: offset - lineStart + 1 };
  };
}
