// Whether a condition on a webhook holds, and what an expression over one comes to.

import type { JsonValue } from "../core/json.ts";
import { CompiledExpressions, type ExpressionResult, toTruth } from "./compiled-expressions.ts";
import { type ConditionVariables, variableNames } from "./condition-variables.ts";
import { toJsonValue } from "./json-value.ts";

const conditions = new CompiledExpressions({ names: variableNames, isNilOpen: false });

/**
 * Whether the expression is true of these variables; never throws. Not ok when it is no expression, cannot be
 * evaluated on them, or comes to anything but true or false. `now` is the time in milliseconds since 1970.
 */
export function evaluateCondition(
  expression: string,
  variables: ConditionVariables,
  now: () => number,
): ExpressionResult<boolean> {
  return conditions.evaluate(expression, variables, now, toTruth);
}

/** What the expression comes to, of any kind; dates and durations are texts then. */
export function evaluateExpression(
  expression: string,
  variables: ConditionVariables,
  now: () => number,
): ExpressionResult<JsonValue> {
  return conditions.evaluate(expression, variables, now, toJsonValue);
}

/** What is wrong with the text as an expression; null where it is one. */
export function checkCondition(expression: string): string | null {
  return conditions.check(expression);
}
