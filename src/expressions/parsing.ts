// What the parts of the parser share: the tokens, the nodes being built, and the names that are known.

import { ConditionError, quote } from "./condition-error.ts";
import { maxDepth, type Node, tooDeep, TreeBuilder } from "./jexl-tree.ts";
import type { Token } from "./tokens.ts";

/** What `#`, `#index` and `#acc` are within a predicate: names in the evaluation's context. */
export interface PredicateFrame {
  readonly item: string;
  readonly index: string;
  /** Undefined where there is no accumulator. */
  readonly accumulator: string | undefined;
}

export interface ParsingOptions {
  /** Variables that may be asked about. */
  readonly names: readonly string[];
  /** A member of nil is nil, not an error. */
  readonly isNilOpen: boolean;
}

/** The rules that all others come back to. */
export interface Grammar {
  /** Operators that bind less tight than `least` end it. */
  readonly expression: (parsing: Parsing, least: number) => Node;
  /** Expressions with `;` between them. */
  readonly sequence: (parsing: Parsing) => Node;
}

export class Parsing {
  readonly build: TreeBuilder;
  readonly options: ParsingOptions;
  readonly #grammar: Grammar;
  readonly #tokens: readonly Token[];
  #position = 0;
  #depth = 0;
  #slots = 0;
  /** Name of a `let` → its name in the evaluation's context. */
  readonly #variables = new Map<string, string>();
  readonly #frames: PredicateFrame[] = [];

  constructor(tokens: readonly Token[], grammar: Grammar, options: ParsingOptions) {
    this.#tokens = tokens;
    this.#grammar = grammar;
    this.build = new TreeBuilder();
    this.options = options;
  }

  expression(least = 0): Node {
    return this.#grammar.expression(this, least);
  }

  sequence(): Node {
    return this.#grammar.sequence(this);
  }

  get token(): Token {
    const token = this.#tokens[Math.min(this.#position, this.#tokens.length - 1)];
    if (token === undefined) throw new ConditionError("the expression is empty");
    return token;
  }

  /** The token after this one. */
  get following(): Token {
    return this.#tokens[this.#position + 1] ?? this.token;
  }

  /** Whether the evaluation's context must be written to. */
  get usesSlots(): boolean {
    return this.#slots > 0;
  }

  isAtEnd(): boolean {
    return this.token.type === "end";
  }

  next(): Token {
    const { token } = this;
    this.#position++;
    return token;
  }

  is(...texts: readonly string[]): boolean {
    const { token } = this;
    return token.type === "operator" && texts.includes(token.text);
  }

  /** Steps over the operator where it is the next token. */
  skip(text: string): boolean {
    const isThere = this.is(text);
    if (isThere) this.#position++;
    return isThere;
  }

  /** @throws {ConditionError} where the next token is another. */
  expect(text: string): Token {
    if (!this.is(text)) throw this.unexpected(JSON.stringify(text));
    return this.next();
  }

  expectName(what: string): Token & { readonly type: "name" } {
    const { token } = this;
    if (token.type !== "name") throw this.unexpected(what);
    this.#position++;
    return token;
  }

  unexpected(wanted?: string): ConditionError {
    const { token } = this;
    const found = token.type === "end" ? "the expression ends here" : `unexpected ${describeToken(token)}`;
    const hint = this.is("=") ? 'write "==" to compare' : wanted === undefined ? undefined : `${wanted} is expected`;
    return new ConditionError(hint === undefined ? found : `${found}; ${hint}`, token.at);
  }

  /** Parses something that is within something else. */
  nest(parse: () => Node): Node {
    if (++this.#depth > maxDepth) throw tooDeep(this.token.at);
    const node = parse();
    this.#depth--;
    return node;
  }

  get frame(): PredicateFrame | undefined {
    return this.#frames.at(-1);
  }

  /** Parses with the meaning that `#` has in a predicate. */
  withFrame(hasAccumulator: boolean, parse: () => Node): { readonly node: Node; readonly frame: PredicateFrame } {
    const accumulator = hasAccumulator ? this.#newSlot() : undefined;
    const frame = { item: this.#newSlot(), index: this.#newSlot(), accumulator };
    this.#frames.push(frame);
    const node = parse();
    this.#frames.pop();
    return { node, frame };
  }

  findVariable(name: string): string | undefined {
    return this.#variables.get(name);
  }

  /** Parses with a name for a value; `slot` is what it is called in the evaluation's context. */
  withVariable(name: string, parse: () => Node): { readonly node: Node; readonly slot: string } {
    const slot = this.#newSlot();
    this.#variables.set(name, slot);
    const node = parse();
    this.#variables.delete(name);
    return { node, slot };
  }

  #newSlot(): string {
    return `#${this.#slots++}`;
  }
}

function describeToken(token: Token): string {
  if (token.type === "literal") {
    if (typeof token.value === "object") return "bytes";
    return typeof token.value === "string" ? `the text ${quote(token.value)}` : `the number ${token.value}`;
  }
  return token.type === "end" ? "end" : quote(token.text);
}
