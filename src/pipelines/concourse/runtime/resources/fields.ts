// The source or the params of a resource, their vars filled.

import { type Filled, isSecret } from "../../var-text.ts";
import type { TextValue } from "../script-globals.ts";

export type Fields = Readonly<Record<string, Filled>>;

/** @throws Error that names those which are known. */
export function refuseUnknown(what: string, fields: Fields, known: readonly string[]): void {
  const unknown = Object.keys(fields).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const has = known.length === 0 ? "there are none" : `known are ${known.join(", ")}`;
  throw new Error(`${what} ${unknown.map((name) => JSON.stringify(name)).join(", ")} not supported: ${has}`);
}

/** A text that is shown and compared here, so no secret. */
export function readText(fields: Fields, name: string): string {
  const value = fields[name] ?? "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Error(`${name} must be a text, and no secret`);
}

/** A text that only a process is given. */
export function readSecretText(fields: Fields, name: string): TextValue {
  const value = fields[name] ?? "";
  return isSecret(value) ? value : readText(fields, name);
}
