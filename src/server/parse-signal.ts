// The body of a signal: any JSON, or nothing for null.

import type { JsonValue } from "../core/json.ts";
import { parseJson } from "./parse-json.ts";

/** @throws {AppError} INVALID_JSON. */
export function parseSignal(body: Uint8Array): JsonValue {
  return body.length === 0 ? null : (parseJson(body) as JsonValue);
}
