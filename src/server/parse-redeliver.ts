// The body that sends a request once more: `{ force? }`.

import { AppError } from "../core/app-error.ts";
import type { RedeliverOptions } from "../engine/engine.ts";
import { parseJson } from "./parse-json.ts";

/** @throws {AppError} INVALID_JSON, VALIDATION_FAILED. */
export function parseRedeliver(body: Uint8Array): RedeliverOptions {
  if (body.length === 0) return { force: false };
  const input = parseJson(body);
  if (typeof input !== "object" || input === null || Array.isArray(input)) throw invalid("body", "an object");
  const { force = false, ...others } = input as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(unknown.slice(0, 100), "known; there is force alone");
  if (typeof force !== "boolean") throw invalid("force", "true or false");
  return { force };
}

function invalid(field: string, expected: string): AppError {
  return new AppError("VALIDATION_FAILED", `${field} is not ${expected}`, { details: { field } });
}
