// Expressions over the same variables, compiled once and evaluated as often as one likes.

import { type CompiledExpression, compileExpression, maxExpressionCharacters } from "./compile-expression.ts";
import { ConditionError, describeConditionError } from "./condition-error.ts";
import type { ParsingOptions } from "./parsing.ts";
import { kindOf } from "./values.ts";

export type ExpressionResult<Value> =
  | { readonly ok: true; readonly value: Value }
  /** What is wrong, its column, and below it the expression with a caret at the place. */
  | { readonly ok: false; readonly message: string };

type Compiled = CompiledExpression | { readonly message: string };

const usualMaxCompiled = 500;

export class CompiledExpressions {
  readonly #options: ParsingOptions;
  readonly #maxCompiled: number;
  /** The most recently used ones, those that do not compile too. */
  readonly #compiled = new Map<string, Compiled>();

  /** @param maxCompiled fewer than are evaluated in turn would be none: each would be gone when its turn comes. */
  constructor(options: ParsingOptions, maxCompiled = usualMaxCompiled) {
    this.#options = options;
    this.#maxCompiled = maxCompiled;
  }

  /** What is wrong with the text as an expression; null where it is one. */
  check(expression: string): string | null {
    const known = this.#find(expression);
    return "message" in known ? known.message : null;
  }

  /** What the expression comes to, converted; never throws. `now` is the time in milliseconds since 1970. */
  evaluate<Value>(
    expression: string,
    variables: object,
    now: () => number,
    convert: (value: unknown) => Value,
  ): ExpressionResult<Value> {
    const known = this.#find(expression);
    if ("message" in known) return { ok: false, message: known.message };
    try {
      return { ok: true, value: convert(known.evaluate(variables, now)) };
    } catch (error) {
      return { ok: false, message: describeConditionError(error, expression) };
    }
  }

  #find(expression: string): Compiled {
    // Too long a text is refused each time: the cache must not hold what nobody could have meant.
    if (expression.length > maxExpressionCharacters) return compile(expression, this.#options);
    const known = this.#compiled.get(expression);
    const condition = known ?? compile(expression, this.#options);
    if (known) this.#compiled.delete(expression);
    this.#compiled.set(expression, condition);
    if (this.#compiled.size > this.#maxCompiled) this.#compiled.delete(this.#compiled.keys().next().value ?? "");
    return condition;
  }
}

/** @throws {ConditionError} where it is neither true nor false. */
export function toTruth(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new ConditionError(`the expression is ${kindOf(value)}, not true or false`);
}

function compile(expression: string, options: ParsingOptions): Compiled {
  try {
    return compileExpression(expression, options);
  } catch (error) {
    return { message: describeConditionError(error, expression) };
  }
}
