// The body of a trigger request: `{ params, args, jobs }`, all optional.

import { AppError } from "../core/app-error.ts";
import type { TriggerInput } from "../engine/engine.ts";
import { parseJson } from "./parse-json.ts";

/** @throws {AppError} INVALID_JSON, VALIDATION_FAILED naming the field. */
export function parseTrigger(body: Uint8Array): TriggerInput {
  if (body.length === 0) return { params: {}, args: [], jobs: [] };
  const input = parseJson(body);
  if (!isRecord(input)) throw invalid("body", "an object like { params, args, jobs }", input);
  for (const field of Object.keys(input)) {
    if (field !== "params" && field !== "args" && field !== "jobs") {
      throw new AppError("VALIDATION_FAILED", `"${field.slice(0, 100)}" is not a field of a trigger`, {
        hint: "the fields are params, args and jobs; a parameter of the pipeline belongs into params",
        details: { field },
      });
    }
  }
  const { params = {}, args = [], jobs = [] } = input;
  if (!isRecord(params)) throw invalid("params", "an object", params);
  return { params, args: readTexts("args", args), jobs: readTexts("jobs", jobs) };
}

function readTexts(field: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw invalid(field, "an array of strings", value);
  const index = value.findIndex((each) => typeof each !== "string");
  if (index !== -1) throw invalid(`${field}[${index}]`, "a string", value[index]);
  return value as string[];
}

function invalid(field: string, expected: string, found: unknown): AppError {
  const kind = found === null ? "null" : Array.isArray(found) ? "an array" : `a value of type ${typeof found}`;
  return new AppError("VALIDATION_FAILED", `${field} must be ${expected}, not ${kind}`, { details: { field } });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
