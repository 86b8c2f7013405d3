// Whether a condition holds: compiled once, evaluated for each request.

import { compileCondition, maxExpressionCharacters } from "./compile-condition.ts";
import { ConditionError, describeConditionError } from "./condition-error.ts";
import type { ConditionTree } from "./condition-tree.ts";
import type { ConditionVariables } from "./condition-variables.ts";
import { evaluate } from "./evaluate.ts";
import { kindOf } from "./values.ts";

export type ConditionResult =
  | { readonly ok: true; readonly value: boolean }
  /** One sentence: what is wrong, and at which character. */
  | { readonly ok: false; readonly message: string };

type Compiled = { readonly tree: ConditionTree } | { readonly message: string };

const maxCompiled = 500;
const compiled = new Map<string, Compiled>();

/**
 * Whether the expression is true of these variables; never throws. Not ok when it is no expression, cannot be
 * evaluated on them, or comes to anything but true or false.
 */
export function evaluateCondition(expression: string, variables: ConditionVariables): ConditionResult {
  const condition = findCompiled(expression);
  if ("message" in condition) return { ok: false, message: condition.message };
  try {
    const value = evaluate(condition.tree, variables);
    if (typeof value === "boolean") return { ok: true, value };
    throw new ConditionError(`the expression is ${kindOf(value)}, not true or false`);
  } catch (error) {
    return { ok: false, message: describeConditionError(error, expression) };
  }
}

/** Whether the text is an expression at all: true where it is, for want of variables to ask it about. */
export function checkCondition(expression: string): ConditionResult {
  const condition = findCompiled(expression);
  return "message" in condition ? { ok: false, message: condition.message } : { ok: true, value: true };
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
    return { tree: compileCondition(expression) };
  } catch (error) {
    return { message: describeConditionError(error, expression) };
  }
}
