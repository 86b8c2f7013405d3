// `uniqueItems` of a schema: equals are found without comparing each with each.

import { toCanonicalJson } from "../core/canonical-json.ts";
import type { JsonValue } from "../core/json.ts";
import { spendOnText } from "./schema-work.ts";

/** @throws {TooMuchWork} for lists in lists that are all to be unique: the inmost is part of the text of each. */
export function areUnique(items: readonly JsonValue[]): boolean {
  const seen = new Set<string>();
  return items.every((item) => {
    const text = toCanonicalJson(item);
    spendOnText(text.length);
    return !seen.has(text) && seen.add(text);
  });
}
