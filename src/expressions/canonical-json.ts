// JSON as a text that equal values have in common, so that equals are found without comparing each with each.

import type { JsonValue } from "../core/json.ts";

export function areUnique(items: readonly JsonValue[]): boolean {
  const seen = new Set<string>();
  return items.every((item) => {
    const text = toCanonicalText(item);
    return !seen.has(text) && seen.add(text);
  });
}

function toCanonicalText(value: JsonValue): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value;
    return `[${items.map(toCanonicalText).join(",")}]`;
  }
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${toCanonicalText(item ?? null)}`).join(",")}}`;
}
