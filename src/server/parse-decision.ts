// The body of a decision on an approval: `{ approved, by, comment }`.

import { AppError } from "../core/app-error.ts";
import { maxDeciderName, maxNewsText } from "../core/news-name.ts";
import type { Decision } from "../engine/engine.ts";
import { parseJson } from "./parse-json.ts";

const fields: readonly string[] = ["approved", "by", "comment"];

/** @throws {AppError} INVALID_JSON, VALIDATION_FAILED naming the field. */
export function parseDecision(body: Uint8Array): Decision {
  const input = parseJson(body);
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new AppError("VALIDATION_FAILED", "the body must be an object like { approved, by, comment }", {
      details: { field: "body" },
    });
  }
  const unknown = Object.keys(input).find((field) => !fields.includes(field));
  if (unknown !== undefined) throw invalid(unknown.slice(0, 100), "is not a field of a decision");
  const { approved, by, comment } = input as Record<string, unknown>;
  if (typeof approved !== "boolean") throw invalid("approved", "must be true or false");
  return {
    approved,
    by: readText(by, "by", maxDeciderName) ?? "api",
    comment: readText(comment, "comment", maxNewsText),
  };
}

function readText(value: unknown, field: string, maxLength: number): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") throw invalid(field, "must be a text");
  if (value.length > maxLength) throw invalid(field, `has ${value.length} characters; at most ${maxLength} are taken`);
  return value.trim() || null;
}

function invalid(field: string, problem: string): AppError {
  return new AppError("VALIDATION_FAILED", `${JSON.stringify(field)} ${problem}`, {
    hint: 'send {"approved": true}, with "by" and "comment" if you like',
    details: { field },
  });
}
