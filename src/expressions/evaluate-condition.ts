// Whether a condition holds, and what an expression comes to: compiled once, evaluated for each request.

import type { JsonValue } from "../core/json.ts";
import { type CompiledExpression, compileExpression, maxExpressionCharacters } from "./compile-expression.ts";
import { ConditionError, describeConditionError } from "./condition-error.ts";
import type { ConditionVariables } from "./condition-variables.ts";
import { toJsonValue } from "./json-value.ts";
import { kindOf } from "./values.ts";

export type ExpressionResult<Value> =
  | { readonly ok: true; readonly value: Value }
  /** What is wrong, its column, and below it the expression with a caret at the place. */
  | { readonly ok: false; readonly message: string };

export type ConditionResult = ExpressionResult<boolean>;

type Compiled = CompiledExpression | { readonly message: string };

const maxCompiled = 500;
const compiled = new Map<string, Compiled>();

/**
 * Whether the expression is true of these variables; never throws. Not ok when it is no expression, cannot be
 * evaluated on them, or comes to anything but true or false. `now` is the time in milliseconds since 1970.
 */
export function evaluateCondition(
  expression: string,
  variables: ConditionVariables,
  now: () => number,
): ConditionResult {
  return evaluateAs(expression, variables, now, (value) => {
    if (typeof value === "boolean") return value;
    throw new ConditionError(`the expression is ${kindOf(value)}, not true or false`);
  });
}

/** What the expression comes to, of any kind; dates and durations are texts then. */
export function evaluateExpression(
  expression: string,
  variables: ConditionVariables,
  now: () => number,
): ExpressionResult<JsonValue> {
  return evaluateAs(expression, variables, now, toJsonValue);
}

function evaluateAs<Value>(
  expression: string,
  variables: ConditionVariables,
  now: () => number,
  convert: (value: unknown) => Value,
): ExpressionResult<Value> {
  const known = findCompiled(expression);
  if ("message" in known) return { ok: false, message: known.message };
  try {
    return { ok: true, value: convert(known.evaluate(variables, now)) };
  } catch (error) {
    return { ok: false, message: describeConditionError(error, expression) };
  }
}

/** What is wrong with the text as an expression; null where it is one. */
export function checkCondition(expression: string): string | null {
  const known = findCompiled(expression);
  return "message" in known ? known.message : null;
}

/** The most recently used expressions stay compiled, those that do not compile too. */
function findCompiled(expression: string): Compiled {
  // Too long a text is refused each time: the cache must not hold what nobody could have meant.
  if (expression.length > maxExpressionCharacters) return compile(expression);
  const known = compiled.get(expression);
  const condition = known ?? compile(expression);
  if (known) compiled.delete(expression);
  compiled.set(expression, condition);
  if (compiled.size > maxCompiled) compiled.delete(compiled.keys().next().value ?? "");
  return condition;
}

function compile(expression: string): Compiled {
  try {
    return compileExpression(expression);
  } catch (error) {
    return { message: describeConditionError(error, expression) };
  }
}
