// What tells one delivery of a webhook, and its repetitions, from all others of its pipeline.

import { toCanonicalJson } from "../core/canonical-json.ts";
import type { JsonValue } from "../core/json.ts";

/** How long a delivery is known again; senders give up long before that. */
export const deliveryWindowMs = 7 * 24 * 60 * 60 * 1000;

/** Of a longer one the beginning is on record. */
const maxShownId = 200;

/** By the id that its sender gives it: each sender counts for itself. Null where that is empty. */
export function keyOfId({ provider, deliveryId }: { readonly provider: string; readonly deliveryId: string }) {
  return deliveryId === "" ? null : hash("id", provider, deliveryId);
}

/** By the value of an expression; null where that is nothing which could tell it from others. */
export function keyOfValue(expression: string, value: JsonValue): Uint8Array | null {
  return value === null || value === "" ? null : hash("value", expression, toCanonicalJson(value));
}

/** Null of an empty one: that says nothing. */
export function keyOfBody(body: Uint8Array): Uint8Array | null {
  return body.length === 0 ? null : new Bun.CryptoHasher("sha256").update(body).digest().subarray(0, 16);
}

export function shownId(id: string): string | null {
  return id === "" ? null : id.slice(0, maxShownId);
}

/** SHA-256; what a sender puts into one part cannot look like the beginning of the next. */
function hash(...parts: readonly string[]): Uint8Array {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const part of parts) hasher.update(`${part.length}:`).update(part);
  return hasher.digest();
}
