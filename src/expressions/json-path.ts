// Where in a JSON value something stands.

import type { JsonValue } from "../core/json.ts";

export type WantPlace = (key: string | number, value: JsonValue | undefined) => boolean;

export type Path = readonly (string | number)[];

/** The first place, from above, whose key and value are wanted; null where there is none. */
export function findPath(value: JsonValue | undefined, isWanted: WantPlace, above: Path = []): Path | null {
  if (typeof value !== "object" || value === null) return null;
  const entries: readonly (readonly [string | number, JsonValue | undefined])[] = Array.isArray(value)
    ? value.map((item: JsonValue, index) => [index, item] as const)
    : Object.entries(value);
  for (const [key, item] of entries) {
    const path = [...above, key];
    const found = isWanted(key, item) ? path : findPath(item, isWanted, path);
    if (found !== null) return found;
  }
  return null;
}
