// The body of a signal: any JSON, or nothing for null.

import { AppError } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";
import { parseJson } from "./parse-json.ts";

/** What is nested deeper could not be stored, and a run that is given it would fail. */
const maxDepth = 1000;

/** @throws {AppError} INVALID_JSON, VALIDATION_FAILED. */
export function parseSignal(body: Uint8Array): JsonValue {
  if (body.length === 0) return null;
  const value = parseJson(body) as JsonValue;
  if (!isDeeperThan(value, maxDepth)) return value;
  throw new AppError("VALIDATION_FAILED", `the signal is nested deeper than ${maxDepth} levels`, {
    hint: "send a text that the script parses itself",
  });
}

/** Without recursion, which is what such a value would exhaust. */
function isDeeperThan(value: JsonValue, levels: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap((each) =>
      typeof each === "object" && each !== null ? Object.values(each as Record<string, unknown>) : [],
    );
  }
  return false;
}
