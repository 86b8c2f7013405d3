// What an expression comes to as plain JSON, for whoever keeps or prints it.

import type { JsonValue } from "../core/json.ts";
import { ConditionError } from "./condition-error.ts";
import { toText } from "./conversion-functions.ts";
import { maxResultCharacters, Meter } from "./meter.ts";
import { assertValueDepth, isList, isMap, mapEntries } from "./values.ts";

/** @throws {ConditionError} when it is over 1 MiB, or nested too deeply. */
export function toJsonValue(value: unknown): JsonValue {
  const budget = { left: maxResultCharacters };
  return convert(value, budget, 0);
}

function convert(value: unknown, budget: { left: number }, depth: number): JsonValue {
  assertValueDepth(depth);
  budget.left -= typeof value === "string" ? value.length + 2 : 2;
  if (budget.left < 0) throw new ConditionError("the result is over 1 MiB");
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : toText(value, new Meter(), 0);
  if (isList(value)) return value.map((item) => convert(item ?? null, budget, depth + 1));
  if (!isMap(value)) return value === undefined ? null : toText(value, new Meter(), 0);
  const entries = mapEntries(value).map(([key, item]) => {
    const name = toText(key, new Meter(), 0);
    budget.left -= name.length + 3;
    return [name, convert(item ?? null, budget, depth + 1)] as const;
  });
  return Object.fromEntries(entries);
}
