// JSON as a text that equal values have in common, so that equals are found without comparing each with each.

import type { JsonValue } from "../core/json.ts";
import { spendOnText } from "./schema-work.ts";

/** @throws {TooMuchWork} for lists in lists that are all to be unique: the inmost is part of the text of each. */
export function areUnique(items: readonly JsonValue[]): boolean {
  const seen = new Set<string>();
  return items.every((item) => {
    const text = toCanonicalText(item);
    spendOnText(text.length);
    return !seen.has(text) && seen.add(text);
  });
}

function toCanonicalText(value: JsonValue): string {
  const parts: string[] = [];
  writeValue(value, parts);
  return parts.join("");
}

/** Joined once, not at each level: that would take the square of a deep value's length. */
function writeValue(value: JsonValue, parts: string[]): void {
  if (typeof value !== "object" || value === null) {
    parts.push(JSON.stringify(value));
  } else if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value;
    parts.push("[");
    for (const item of items) {
      writeValue(item, parts);
      parts.push(",");
    }
    parts.push("]");
  } else {
    parts.push("{");
    for (const [name, item] of Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      parts.push(JSON.stringify(name), ":");
      writeValue(item ?? null, parts);
      parts.push(",");
    }
    parts.push("}");
  }
}
