// JSON as a text that equal values have in common, whatever the order of their fields.

import type { JsonValue } from "./json.ts";

export function toCanonicalJson(value: JsonValue): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value;
    return `[${items.map(toCanonicalJson).join(",")}]`;
  }
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${toCanonicalJson(item ?? null)}`).join(",")}}`;
}
