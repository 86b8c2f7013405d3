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

export function tokenize(source: string): readonly Token[] {
  return new Tokenizer(source).run();
}

class Tokenizer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  /** One entry for each template whose `${` is open: how many `{` are open inside it. */
  readonly #openTemplates: number[] = [];
  /** By sign: up to where it has no end on its line. Looking again for each would take quadratic time. */
  readonly #openUntil = new Map<string, number>();
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): readonly Token[] {
    while (this.#at < this.#source.length) {
      if (this.#take(space) || this.#take(lineComment) || this.#skipComment()) continue;
      if (!this.#takeText()) this.#takeSign();
    }
    return this.#tokens;
  }

  #skipComment(): boolean {
    if (!this.#source.startsWith("/*", this.#at)) return false;
    const end = this.#source.indexOf("*/", this.#at + 2);
    this.#at = end < 0 ? this.#source.length : end + 2;
    return true;
  }

  #takeText(): boolean {
    const offset = this.#at;
    const sign = this.#source[offset] ?? "";
    const name = this.#take(word);
    if (name) return this.#push({ kind: "word", text: name[0], offset });
    const quoted = sign === '"' || sign === "'" ? this.#takeOnLine(string, sign) : null;
    if (quoted) return this.#push({ kind: "string", text: unescape(quoted[0].slice(1, -1)), offset });
    if (this.#take(number)) return this.#push({ ...other, offset });
    if (sign !== "/" || !expressionMayBegin(this.#tokens.at(-1))) return false;
    return this.#takeOnLine(regularExpression, sign) !== null && this.#push({ ...other, offset });
  }

  #takeSign(): void {
    const offset = this.#at++;
    const sign = this.#source[offset] ?? "";
    const last = this.#openTemplates.length - 1;
    const depth = this.#openTemplates[last] ?? 0;
    if (sign === "`") {
      this.#takeTemplate(offset);
    } else if (sign === "}" && last >= 0 && depth === 0) {
      this.#openTemplates.pop();
      this.#takeTemplate(offset);
    } else {
      if (last >= 0 && sign === "{") this.#openTemplates[last] = depth + 1;
      if (last >= 0 && sign === "}") this.#openTemplates[last] = depth - 1;
      this.#push({ kind: "punct", text: sign, offset });
    }
  }

  /** From a backquote, or from the end of a `${…}`, to the next of these. */
  #takeTemplate(offset: number): void {
    const piece = this.#take(templatePiece);
    const whole = piece?.[1] === "`" && this.#source[offset] === "`";
    this.#push(whole ? { kind: "string", text: unescape(piece[0].slice(0, -1)), offset } : { ...other, offset });
    if (piece?.[1] === "${") this.#openTemplates.push(0);
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (match) this.#at += match[0].length;
    return match;
  }

  #takeOnLine(pattern: RegExp, sign: string): RegExpExecArray | null {
    if (this.#at < (this.#openUntil.get(sign) ?? 0)) return null;
    const match = this.#take(pattern);
    if (match) return match;
    const lineEnd = this.#source.indexOf("\n", this.#at);
    this.#openUntil.set(sign, lineEnd < 0 ? this.#source.length : lineEnd);
    return null;
  }

  #push(token: Token): true {
    this.#tokens.push(token);
    return true;
  }
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
