// The text of a YAML file as plain data that knows where each part of it stands: aliases and merge keys resolved, within
// bounds that hold for whatever the text is.

import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  type ParsedNode,
  Parser,
} from "yaml";
import type { JsonValue } from "../../core/json.ts";
import { findWritten } from "../../core/written-number.ts";
import { isMergeKey, startOf, YamlPlaces } from "./yaml-places.ts";
import type { Place } from "./plan.ts";

export interface YamlProblem {
  readonly place: Place;
  readonly message: string;
}

export type YamlDocument = { readonly places: YamlPlaces } & (
  | { readonly ok: true; readonly data: JsonValue; readonly problems: readonly YamlProblem[] }
  | { readonly ok: false; readonly problems: readonly YamlProblem[] }
);

/** Real files have about 150,000 a MiB; a text of brackets alone has as many as characters, and takes seconds. */
const maxTokens = 200_000;
const maxDepth = 100;
/** Aliases can make a small text stand for endless data. */
const maxDataLength = 4 * 1024 * 1024;
const maxMessageLength = 300;

class Stop extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export function parseYamlDocument(text: string): YamlDocument {
  const lines = new LineCounter();
  const places = new YamlPlaces(lines);
  try {
    const document = compose(text, lines);
    places.root = document?.contents ?? null;
    const reader = new DocumentReader(places);
    const data = reader.read(places.root);
    return { ok: true, data, problems: reader.problems, places };
  } catch (thrown) {
    const offset = thrown instanceof Stop ? thrown.offset : 0;
    const message = (thrown instanceof Error ? thrown.message : "it cannot be read").slice(0, maxMessageLength);
    return {
      ok: false,
      problems: [{ place: places.at(offset), message: `the YAML cannot be read: ${message}` }],
      places,
    };
  }
}

/** The one document of the text. By hand, because the library itself has no limits. */
function compose(text: string, lines: LineCounter): Document.Parsed<ParsedNode> | undefined {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  // The library compares each key with all before it; the reader looks for duplicates itself.
  const composer = new Composer({ version: "1.2", uniqueKeys: false, prettyErrors: false, logLevel: "silent" });
  let found: Document.Parsed<ParsedNode> | undefined;
  const take = (composed: Iterable<Document.Parsed<ParsedNode>>): void => {
    for (const document of composed) {
      const [error] = document.errors;
      if (error !== undefined) throw new Stop(error.message, error.pos[0]);
      if (found !== undefined) throw new Stop("it has several documents; write one", document.range[0]);
      found = document;
    }
  };
  let tokens = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++tokens > maxTokens) throw new Stop(`it has over ${maxTokens} tokens`, parser.offset);
    for (const token of parser.next(lexeme)) {
      // The library would go on, and gather one for each bracket that is out of place.
      if (token.type === "error") throw new Stop(token.message, token.offset);
      take(composer.next(token));
    }
    if (parser.stack.length > maxDepth + 2) throw tooDeep(parser.offset);
  }
  for (const token of parser.end()) take(composer.next(token));
  take(composer.end());
  const [error] = composer.streamInfo().errors;
  if (error !== undefined) throw new Stop(error.message, error.pos[0]);
  return found;
}

/** A value with what it will take as JSON, and its levels of collections. */
interface Sized {
  readonly value: JsonValue;
  readonly length: number;
  readonly height: number;
}

type Data = Record<string, JsonValue>;
type Anchored = { readonly node: Node; sized: Sized | null };

class DocumentReader {
  readonly problems: YamlProblem[] = [];
  readonly #places: YamlPlaces;
  /** The latest node with each anchor. */
  readonly #anchors = new Map<string, Anchored>();
  #length = 0;

  constructor(places: YamlPlaces) {
    this.#places = places;
  }

  read(node: unknown): JsonValue {
    return this.#read(node).value;
  }

  #read(node: unknown): Sized {
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) throw new Stop(`there is no anchor &${node.source} before this alias`, startOf(node));
      if (target.sized === null) throw new Stop(`the alias *${node.source} stands for what contains it`, startOf(node));
      this.#spend(target.sized.length, node);
      this.#places.follow(node, target.node);
      return target.sized;
    }
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor === undefined) return this.#readNode(node);
    const anchored: Anchored = { node: node as Node, sized: null };
    this.#anchors.set(anchor, anchored);
    anchored.sized = this.#readNode(node);
    return anchored.sized;
  }

  #readNode(node: unknown): Sized {
    if (isSeq(node)) return this.#readList(node);
    if (isMap(node)) return this.#readMap(node);
    const value = isScalar(node) ? (findWritten(node) ?? node.value) : null;
    const isNumber = typeof value === "number" && Number.isFinite(value);
    if (value !== null && typeof value !== "string" && typeof value !== "boolean" && !isNumber) {
      throw new Stop("this is no data that JSON has; put it between quotes", startOf(node));
    }
    return { value, length: this.#spend(typeof value === "string" ? value.length + 2 : 8, node), height: 0 };
  }

  #readList(node: Node & { readonly items: readonly unknown[] }): Sized {
    const values: JsonValue[] = [];
    let [length, height] = [this.#spend(2, node), 0];
    for (const item of node.items) {
      const sized = this.#read(item);
      values.push(sized.value);
      length += sized.length + 1;
      height = Math.max(height, sized.height);
    }
    return this.#collection(values, length, height, node);
  }

  #readMap(node: Node & { readonly items: readonly Pair[] }): Sized {
    // Without a prototype `__proto__` is a key like any other.
    const data = Object.create(null) as Data;
    const own = new Set<string>();
    let [length, height] = [this.#spend(2, node), 0];
    for (const pair of node.items) {
      const merged = isMergeKey(pair);
      const key = merged ? "" : this.#readKey(pair, own);
      const sized = this.#read(pair.value);
      if (merged) this.#merge(data, sized.value, pair);
      else data[key] = sized.value;
      length += this.#spend(key.length + 4, node) + sized.length;
      height = Math.max(height, sized.height);
    }
    return this.#collection(data, length, height, node);
  }

  #collection(value: JsonValue & object, length: number, inner: number, node: Node): Sized {
    if (inner >= maxDepth) throw tooDeep(startOf(node));
    this.#places.note(value, node);
    return { value, length, height: inner + 1 };
  }

  #readKey({ key }: Pair, own: Set<string>): string {
    const { value } = this.#read(key);
    if (typeof value === "object" && value !== null) {
      // `{{name}}`, as vars were once written in Concourse, is a map whose key is a map.
      const help = isMap(key) ? "; a var is written ((name))" : "";
      throw new Stop(`a key must be a text, a number or a boolean${help}`, startOf(key));
    }
    const text = value === null ? "" : String(value);
    if (own.has(text)) {
      const message = `the key ${JSON.stringify(text.slice(0, 100))} is there twice`;
      this.problems.push({ place: this.#places.at(startOf(key)), message });
    }
    own.add(text);
    return text;
  }

  /** https://yaml.org/type/merge.html: what is there already stays, of several sources the first counts. */
  #merge(data: Data, given: JsonValue, { key }: Pair): void {
    for (const source of Array.isArray(given) ? (given as readonly JsonValue[]) : [given]) {
      if (typeof source !== "object" || source === null || Array.isArray(source)) {
        throw new Stop("<< takes a map, or a list of maps", startOf(key));
      }
      for (const [name, value] of Object.entries(source)) {
        if (!Object.hasOwn(data, name)) data[name] = value as JsonValue;
      }
    }
  }

  #spend(length: number, node: unknown): number {
    this.#length += length;
    if (this.#length <= maxDataLength) return length;
    throw new Stop("its data is over 4 MiB as JSON; aliases count as often as they are used", startOf(node));
  }
}

function tooDeep(offset: number): Stop {
  return new Stop(`it is nested over ${maxDepth} levels deep`, offset);
}
