// The body of a trigger request: `{ params, args }`, both optional.

import { AppError } from "../core/app-error.ts";
import type { TriggerInput } from "../engine/engine.ts";
import { parseJson } from "./parse-json.ts";

/** @throws {AppError} INVALID_JSON, VALIDATION_FAILED naming the field. */
export function parseTrigger(body: Uint8Array): TriggerInput {
  if (body.length === 0) return { params: {}, args: [] };
  const input = parseJson(body);
  if (!isRecord(input)) throw invalid("body", "an object like { params, args }", input);
  for (const field of Object.keys(input)) {
    if (field !== "params" && field !== "args") {
      throw new AppError("VALIDATION_FAILED", `"${field.slice(0, 100)}" is not a field of a trigger`, {
        hint: "the fields are params and args; a parameter of the pipeline belongs into params",
        details: { field },
      });
    }
  }
  const { params = {}, args = [] } = input;
  if (!isRecord(params)) throw invalid("params", "an object", params);
  if (!Array.isArray(args)) throw invalid("args", "an array of strings", args);
  const index = args.findIndex((arg) => typeof arg !== "string");
  if (index !== -1) throw invalid(`args[${index}]`, "a string", args[index]);
  return { params, args: args as string[] };
}

function invalid(field: string, expected: string, found: unknown): AppError {
  const kind = found === null ? "null" : Array.isArray(found) ? "an array" : `a value of type ${typeof found}`;
  return new AppError("VALIDATION_FAILED", `${field} must be ${expected}, not ${kind}`, { details: { field } });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
