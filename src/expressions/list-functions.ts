// Functions on lists and maps that take no predicate: https://expr-lang.org/docs/language-definition#array-functions.

import { type Arguments, callable, type Callables } from "./arguments.ts";
import { ConditionError, quote } from "./condition-error.ts";
import type { Meter } from "./meter.ts";
import { countCharacters } from "./text-functions.ts";
import {
  assertValueDepth,
  compare,
  findInMap,
  getIndexed,
  isEqual,
  isList,
  isMap,
  isNil,
  kindOf,
  type ListValue,
  mapEntries,
  mapSize,
} from "./values.ts";

export const listFunctions: Callables = {
  len: callable(1, 1, (given) => {
    const [value] = given.values;
    if (typeof value === "string") return countCharacters(value, given.meter);
    if (isList(value)) return value.length;
    return isMap(value) ? mapSize(value) : refuse(given, value, "a text, a list or a map");
  }),
  get: callable(2, 2, (given) => findIndexed(given.values[0], given.values[1])),
  first: callable(1, 1, (given) => findIndexed(given.list(0), 0)),
  last: callable(1, 1, (given) => findIndexed(given.list(0), -1)),
  take: callable(2, 2, (given) => {
    const [list, count] = [given.list(0), given.integer(1)];
    if (count < 0) throw new ConditionError(`take() cannot take ${count} items`);
    return copy(list.slice(0, count), given.meter);
  }),
  concat: callable(1, Infinity, (given) => {
    const lists = given.values.map((_, index) => given.list(index));
    given.meter.makeItems(lists.reduce((sum, list) => sum + list.length, 0));
    return lists.flat();
  }),
  flatten: callable(1, 1, (given) => {
    const flat: unknown[] = [];
    flatten(given.list(0), flat, given.meter, 0);
    return flat;
  }),
  reverse: callable(1, 1, (given) => copy(given.list(0), given.meter).toReversed()),
  uniq: callable(1, 1, (given) => unique(given.list(0), given.meter)),
  sort: callable(1, 2, (given) => {
    const list = given.list(0);
    return sortBy(list, list, given.count === 2 ? given.values[1] : "asc", given.meter);
  }),
  keys: callable(1, 1, (given) => entriesOf(given).map(([key]) => key)),
  values: callable(1, 1, (given) => entriesOf(given).map(([, value]) => value)),
  toPairs: callable(1, 1, (given) => entriesOf(given).map(([key, value]) => [key, value])),
  fromPairs: callable(1, 1, fromPairs),
};

function refuse(given: Arguments, value: unknown, wanted: string): never {
  throw new ConditionError(`${given.name}() takes ${wanted}, but its argument is ${kindOf(value)}`);
}

/** As `of[by]`, but nil where there is nothing. */
function findIndexed(of: unknown, by: unknown): unknown {
  if (isNil(of)) return null;
  if (isMap(of)) return findInMap(of, by) ?? null;
  if (typeof of !== "string" && !isList(of)) return null;
  if (typeof by !== "number") return getIndexed(of, by);
  const length = typeof of === "string" ? Array.from(of).length : of.length;
  const place = Math.trunc(by);
  return place >= -length && place < length ? getIndexed(of, place) : null;
}

function copy(list: ListValue, meter: Meter): ListValue {
  meter.makeItems(list.length);
  return list;
}

function flatten(list: ListValue, flat: unknown[], meter: Meter, depth: number): void {
  assertValueDepth(depth);
  meter.makeItems(list.length);
  for (const item of list) {
    if (isList(item)) flatten(item, flat, meter, depth + 1);
    else flat.push(item);
  }
}

function unique(list: ListValue, meter: Meter): ListValue {
  meter.makeItems(list.length);
  const plain = new Set<unknown>();
  const others: unknown[] = [];
  return list.filter((item) => {
    if (typeof item !== "object" || item === null) return plain.size < plain.add(item ?? null).size;
    meter.spend(others.length);
    return !others.some((other) => isEqual(item, other, meter)) && others.push(item) > 0;
  });
}

/** The items in the order of their keys; those with equal keys stay as they were. */
export function sortBy(items: ListValue, keys: ListValue, order: unknown, meter: Meter): ListValue {
  if (order !== "asc" && order !== "desc") {
    throw new ConditionError(
      `the order is ${typeof order === "string" ? quote(order) : kindOf(order)}; "asc" and "desc" are known`,
    );
  }
  meter.makeItems(items.length);
  const places = items.map((_, index) => index);
  const sign = order === "asc" ? 1 : -1;
  const sorted = places.toSorted((a, b) => {
    meter.spend(1);
    return sign * compare(keys[a], keys[b], "sort", meter);
  });
  return sorted.map((place) => items[place]);
}

function entriesOf(given: Arguments): readonly (readonly [unknown, unknown])[] {
  const map = given.map(0);
  given.meter.makeItems(mapSize(map));
  return mapEntries(map);
}

function fromPairs(given: Arguments): ReadonlyMap<unknown, unknown> {
  const pairs = given.list(0);
  given.meter.makeItems(pairs.length);
  return new Map(
    pairs.map((pair): [unknown, unknown] => {
      if (!isList(pair) || pair.length !== 2) throw new ConditionError("fromPairs() takes lists of a key and a value");
      return [checkKey(pair[0]), pair[1]];
    }),
  );
}

/** Lists and maps are no keys: they could never be found again. */
export function checkKey(key: unknown): unknown {
  if (isList(key) || isMap(key)) throw new ConditionError(`${kindOf(key)} cannot be the key of a map`);
  return key ?? null;
}
