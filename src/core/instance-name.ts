// The id of a pipeline that is set with instance vars: `NAME/key-value.key-value`, one for each set of values.

import { createHash } from "node:crypto";
import { toCanonicalJson } from "./canonical-json.ts";
import type { JsonValue } from "./json.ts";

const maxReadable = 80;

/**
 * Names and values as they are where that says them exactly. Else what an id cannot have is `_`, and a part of the
 * values' SHA-256 tells them from others that look the same.
 */
export function instanceName(name: string, vars: Readonly<Record<string, JsonValue>>): string {
  const entries = Object.entries(vars).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const readable = entries
    .map(([key, value]) => `${key}-${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(".");
  const isExact = readable.length <= maxReadable && entries.every(([key, value]) => isPlain(key, value));
  if (isExact) return `${name}/${readable}`;
  const hash = createHash("sha256").update(toCanonicalJson(vars)).digest("hex").slice(0, 12);
  const shown = readable
    .replaceAll(/[^\w.-]+/g, "_")
    .replace(/^[^A-Za-z\d]+/, "")
    .slice(0, maxReadable);
  return `${name}/${shown === "" ? "" : `${shown}-`}${hash}`;
}

/** A text that could be no other value, and no end of a file's name. */
function isPlain(key: string, value: JsonValue): boolean {
  if (!/^[A-Za-z\d]\w*$/.test(key)) return false;
  if (typeof value !== "string") return typeof value === "boolean" || (Number.isInteger(value) && Number(value) >= 0);
  return /^[A-Za-z_][\w-]*$/.test(value) && value !== "true" && value !== "false" && value !== "null";
}
