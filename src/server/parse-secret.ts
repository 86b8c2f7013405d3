// The body that sets a secret: `{ value }`.

import { AppError } from "../core/app-error.ts";
import { parseJson } from "./parse-json.ts";

/** @throws {AppError} INVALID_JSON, VALIDATION_FAILED; never with any part of the body. */
export function parseSecret(body: Uint8Array): string {
  const input = parseJson(body);
  const isRecord = typeof input === "object" && input !== null && !Array.isArray(input);
  if (isRecord && Object.keys(input).length === 1 && "value" in input && typeof input.value === "string") {
    return input.value;
  }
  throw new AppError("VALIDATION_FAILED", "the body must be an object { value } whose value is a text", {
    details: { field: "value" },
  });
}
