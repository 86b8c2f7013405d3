// Where the parts of a YAML file stand: each collection, and whatever a field's path leads to.

import { type Alias, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair } from "yaml";
import type { Place } from "./plan.ts";

export class YamlPlaces {
  root: unknown = null;
  readonly #lines: LineCounter;
  readonly #collections = new WeakMap<object, number>();
  readonly #targets = new Map<Alias, Node>();

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return [Math.max(1, line), Math.max(1, col)];
  }

  note(collection: object, node: Node): void {
    this.#collections.set(collection, startOf(node));
  }

  follow(alias: Alias, target: Node): void {
    this.#targets.set(alias, target);
  }

  /** Of a map or list of the data. */
  of(collection: object): Place {
    return this.at(this.#collections.get(collection) ?? 0);
  }

  /**
   * Of a field such as `jobs[0].plan[1].timeout`, or of the nearest above it that is there: where its key stands, where
   * it is an alias what that stands for.
   */
  locate(field: string): Place {
    return this.at(this.#locate(this.root, field, 0));
  }

  #locate(given: unknown, rest: string, above: number): number {
    const node = isAlias(given) ? this.#targets.get(given) : given;
    const here = isAlias(given) ? startOf(node) : above;
    if (rest === "") return here;
    if (isSeq(node)) {
      const [part, index] = /^\[(\d+)\]\.?/.exec(rest) ?? [];
      const item = index === undefined ? undefined : node.items[Number(index)];
      return part === undefined || item === undefined
        ? here
        : this.#locate(item, rest.slice(part.length), startOf(item));
    }
    if (!isMap(node)) return here;
    const found = this.#findPair(node.items, rest);
    return found === null ? here : this.#locate(found.pair.value, found.rest, startOf(found.pair.key));
  }

  #findPair(items: readonly Pair[], path: string): { readonly pair: Pair; readonly rest: string } | null {
    for (const pair of items) {
      const rest = stripKey(path, pair);
      if (rest !== null) return { pair, rest };
    }
    for (const pair of items.filter(isMergeKey)) {
      const value = isAlias(pair.value) ? this.#targets.get(pair.value) : pair.value;
      for (const source of isSeq(value) ? value.items : [value]) {
        const node = isAlias(source) ? this.#targets.get(source) : source;
        const found = isMap(node) ? this.#findPair(node.items, path) : null;
        if (found !== null) return found;
      }
    }
    return null;
  }
}

/** What of the path is left behind this key; null where it leads elsewhere. */
function stripKey(path: string, { key }: Pair): string | null {
  const name = isScalar(key) ? String(key.value) : "";
  for (const shown of path.startsWith('"') ? [name, JSON.stringify(name)] : [name]) {
    if (path === shown) return "";
    if (path.startsWith(`${shown}.`)) return path.slice(shown.length + 1);
    if (path.startsWith(`${shown}[`)) return path.slice(shown.length);
  }
  return null;
}

export function isMergeKey({ key }: Pair): boolean {
  return isScalar(key) && key.type === "PLAIN" && key.value === "<<";
}

export function startOf(node: unknown): number {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
}
