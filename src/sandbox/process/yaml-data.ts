// The nodes of a YAML document as plain JSON data: aliases and merge keys resolved, within bounds that hold for both.

import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import type { JsonValue } from "../../core/json.ts";
import { findWritten } from "../../core/written-number.ts";

/** Why a text cannot be read, and where, counted in characters. */
export class YamlProblem extends Error {
  readonly offset: number | undefined;
  constructor(message: string, offset?: number) {
    super(message);
    this.offset = offset;
  }
}

/** A value with what it will take as JSON. */
interface Sized {
  readonly value: JsonValue;
  readonly length: number;
  /** Levels of collections below it, itself included. */
  readonly height: number;
}

type Data = Record<string, JsonValue>;

/** Aliases can make a small text stand for endless data. */
const maxDataLength = 4 * 1024 * 1024;

export class YamlData {
  readonly #maxDepth: number;
  readonly #asWritten: boolean;
  /** The latest node with each anchor; null while it is being read. */
  readonly #anchors = new Map<string, Sized | null>();
  #length = 0;

  constructor(maxDepth: number, asWritten: boolean) {
    this.#maxDepth = maxDepth;
    this.#asWritten = asWritten;
  }

  /** One document; the bounds hold for all that are read. @throws {YamlProblem} */
  read(node: Node | null): JsonValue {
    this.#anchors.clear();
    return this.#read(node).value;
  }

  #read(node: unknown): Sized {
    if (isAlias(node)) return this.#follow(node);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, null);
    const sized = this.#readNode(node);
    if (anchor !== undefined) this.#anchors.set(anchor, sized);
    return sized;
  }

  #readNode(node: unknown): Sized {
    if (isSeq(node)) return this.#readList(node.items, node);
    if (isMap(node)) return this.#readMap(node);
    const written = this.#asWritten && isScalar(node) ? findWritten(node) : undefined;
    const value = written ?? (isScalar(node) ? node.value : null);
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new YamlProblem("JSON data has no infinity and no NaN", startOf(node));
    }
    if (value !== null && typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      throw new YamlProblem("this is no JSON data", startOf(node));
    }
    return { value, length: this.#spend(typeof value === "string" ? value.length + 2 : 8, node), height: 0 };
  }

  #follow(alias: Node & { readonly source: string }): Sized {
    const target = this.#anchors.get(alias.source);
    if (target === undefined)
      throw new YamlProblem(`there is no anchor &${alias.source} before this alias`, startOf(alias));
    if (target === null)
      throw new YamlProblem(`the alias *${alias.source} stands for data that contains it`, startOf(alias));
    this.#spend(target.length, alias);
    return target;
  }

  #readList(items: readonly unknown[], node: Node): Sized {
    const values: JsonValue[] = [];
    let length = this.#spend(2, node);
    let height = 0;
    for (const item of items) {
      const sized = this.#read(item);
      values.push(sized.value);
      length += sized.length + 1;
      height = Math.max(height, sized.height);
    }
    return this.#collection(values, length, height, node);
  }

  #readMap(node: YAMLMap): Sized {
    // Without a prototype `__proto__` is a key like any other.
    const data = Object.create(null) as Data;
    const own = new Set<string>();
    let length = this.#spend(2, node);
    let height = 0;
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

  #collection(value: JsonValue, length: number, inner: number, node: Node): Sized {
    if (inner >= this.#maxDepth) {
      throw new YamlProblem(`the data is nested over ${this.#maxDepth} levels deep`, startOf(node));
    }
    return { value, length, height: inner + 1 };
  }

  #readKey({ key }: Pair, own: Set<string>): string {
    const { value } = this.#read(key);
    if (typeof value === "object" && value !== null) {
      throw new YamlProblem("a key must be a text, a number or a boolean", startOf(key));
    }
    const text = value === null ? "" : String(value);
    if (own.has(text))
      throw new YamlProblem(`the key ${JSON.stringify(text.slice(0, 100))} is there twice`, startOf(key));
    own.add(text);
    return text;
  }

  /** https://yaml.org/type/merge.html: what is there already stays, of several sources the first counts. */
  #merge(data: Data, given: JsonValue, { key }: Pair): void {
    for (const source of Array.isArray(given) ? (given as readonly JsonValue[]) : [given]) {
      if (typeof source !== "object" || source === null || Array.isArray(source)) {
        throw new YamlProblem("<< takes a map, or a list of maps", startOf(key));
      }
      for (const [name, value] of Object.entries(source))
        if (!Object.hasOwn(data, name)) data[name] = value as JsonValue;
    }
  }

  #spend(length: number, node: unknown): number {
    this.#length += length;
    if (this.#length <= maxDataLength) return length;
    throw new YamlProblem("the data is over 4 MiB as JSON; aliases count as often as they are used", startOf(node));
  }
}

function isMergeKey({ key }: Pair): boolean {
  return isScalar(key) && key.type === "PLAIN" && key.value === "<<";
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
}
