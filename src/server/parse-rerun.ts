// The body of a request to run a run again: `{ from }`, which may be left out.

import { AppError } from "../core/app-error.ts";
import type { RerunOptions } from "../engine/engine.ts";
import { parseJson } from "./parse-json.ts";

/** @throws {AppError} INVALID_JSON, VALIDATION_FAILED naming the field. */
export function parseRerun(body: Uint8Array): RerunOptions {
  if (body.length === 0) return {};
  const input = parseJson(body);
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw invalid("body", "the body must be an object like { from }");
  }
  const { from, ...rest } = input as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw invalid(unknown, `"${unknown.slice(0, 100)}" is not a field: there is only from`);
  if (from === undefined || from === null) return {};
  // A step's number is a number to whoever writes JSON.
  if (typeof from === "number" && Number.isInteger(from)) return { from: String(from) };
  if (typeof from === "string" && from !== "") return { from };
  throw invalid("from", "from must be a step's name, number or id");
}

function invalid(field: string, message: string): AppError {
  return new AppError("VALIDATION_FAILED", message, {
    hint: "leave the body out to run it again from its beginning",
    details: { field },
  });
}
