// JSON as a text that equal values have in common, whatever the order of their fields.

import type { JsonValue } from "./json.ts";

export function toCanonicalJson(value: JsonValue): string {
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
