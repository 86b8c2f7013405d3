// TypeScript source → tokens, without comments: enough to find imports, not to parse the language.

export interface Token {
  readonly kind: "word" | "string" | "punctuation" | "other";
  /** A string's value without quotes, else the text as it stands. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

const wordStart = /[\p{ID_Start}$_#@]/u;
const word = /[\p{ID_Continue}$_#@\u200c\u200d]+/uy;
const number = /[\d.][\w.]*/y;
const regularExpression = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y;

/** Words after which `/` begins a regular expression, not a division. */
const operatorWords = new Set(
  "return typeof case in of do else void delete throw new await yield instanceof".split(" "),
);

/** Whether a `/` after this token begins a regular expression. */
function allowsExpression(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === "word") return operatorWords.has(previous.text);
  return previous.kind === "punctuation" && ![")", "]", "}"].includes(previous.text);
}

function matchAt(pattern: RegExp, source: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? "";
}

class Scanner {
  readonly tokens: Token[] = [];
  #at = 0;
  #line = 1;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  /** Scans to the end, or to the `}` that ends a template's `${`. */
  scan(insideTemplate = false): void {
    let depth = 0;
    while (this.#at < this.#source.length) {
      const char = this.#source.charAt(this.#at);
      if (insideTemplate && char === "}" && depth === 0) return;
      if (char === "{") depth += 1;
      if (char === "}") depth -= 1;
      this.#scanOne(char);
    }
  }

  #scanOne(char: string): void {
    const two = this.#source.slice(this.#at, this.#at + 2);
    if (/\s/.test(char)) this.#skip(1);
    else if (two === "//" || two === "#!") this.#skipTo("\n");
    else if (two === "/*") this.#skipTo("*/", 2);
    else if (char === '"' || char === "'") this.#string(char);
    else if (char === "`") this.#template();
    else if (wordStart.test(char)) this.#push("word", matchAt(word, this.#source, this.#at));
    else if (/\d/.test(char)) this.#push("other", matchAt(number, this.#source, this.#at));
    else if (char === "/" && allowsExpression(this.tokens.at(-1))) {
      const text = matchAt(regularExpression, this.#source, this.#at);
      this.#push(text === "" ? "punctuation" : "other", text === "" ? char : text);
    } else this.#push("punctuation", char);
  }

  #skip(length: number): void {
    for (const end = this.#at + length; this.#at < end; this.#at += 1) {
      if (this.#source.charAt(this.#at) === "\n") this.#line += 1;
    }
  }

  #skipTo(text: string, from = 0): void {
    const found = this.#source.indexOf(text, this.#at + from);
    this.#skip((found === -1 ? this.#source.length : found + text.length) - this.#at);
  }

  #push(kind: Token["kind"], text: string): void {
    this.tokens.push({ kind, text, line: this.#line });
    this.#skip(Math.max(1, text.length));
  }

  #string(quote: string): void {
    const line = this.#line;
    const start = this.#at + 1;
    let end = start;
    while (end < this.#source.length && this.#source.charAt(end) !== quote && this.#source.charAt(end) !== "\n") {
      end += this.#source.charAt(end) === "\\" ? 2 : 1;
    }
    this.tokens.push({ kind: "string", text: this.#source.slice(start, end), line });
    this.#skip(end + 1 - this.#at);
  }

  /** One without `${` is a string; else its parts are passed over and the code in it is scanned. */
  #template(): void {
    const line = this.#line;
    const start = this.#at + 1;
    let isPlain = true;
    this.#skip(1);
    while (this.#at < this.#source.length && this.#source.charAt(this.#at) !== "`") {
      if (this.#source.startsWith("${", this.#at)) {
        isPlain = false;
        this.tokens.push({ kind: "punctuation", text: "(", line: this.#line });
        this.#skip(2);
        this.scan(true);
        this.tokens.push({ kind: "punctuation", text: ")", line: this.#line });
        this.#skip(1);
      } else this.#skip(this.#source.charAt(this.#at) === "\\" ? 2 : 1);
    }
    if (isPlain) this.tokens.push({ kind: "string", text: this.#source.slice(start, this.#at), line });
    else this.tokens.push({ kind: "other", text: "``", line });
    this.#skip(1);
  }
}

export function tokenize(source: string): readonly Token[] {
  const scanner = new Scanner(source);
  scanner.scan();
  return scanner.tokens;
}
