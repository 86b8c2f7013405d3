// What a script is told of an expression on the request that started its run.

import type { JsonValue } from "../../core/json.ts";
import type { GuestRequest } from "../protocol.ts";

export type Evaluated<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string };

/** The language of expressions; `now` is the clock that the script sees. */
export interface ExpressionLanguage {
  /** What is wrong with the text as an expression; null where it is one. */
  readonly check: (expression: string) => string | null;
  readonly holds: (expression: string, request: GuestRequest, now: () => number) => Evaluated<boolean>;
  readonly evaluate: (expression: string, request: GuestRequest, now: () => number) => Evaluated<JsonValue>;
}

export interface ExpressionQuestion {
  readonly expression: string;
  /** Null: the run was started by hand; an expression that is wrong is told all the same. */
  readonly request: GuestRequest | null;
  readonly now: () => number;
}

/** `{ value, error? }` as JSON. By hand every condition holds. */
export function answerCondition(language: ExpressionLanguage, question: ExpressionQuestion): string {
  const { expression, request, now } = question;
  if (request === null) return withError(true, language.check(expression));
  const result = language.holds(expression, request, now);
  return result.ok ? withError(result.value, null) : withError(false, result.message);
}

/** `{ value, error? }` as JSON. By hand nothing has a value. */
export function answerValue(language: ExpressionLanguage, question: ExpressionQuestion): string {
  const { expression, request, now } = question;
  if (request === null) return withError(null, language.check(expression));
  const result = language.evaluate(expression, request, now);
  return result.ok ? withError(result.value, null) : withError(null, result.message);
}

function withError(value: JsonValue, error: string | null): string {
  return JSON.stringify(error === null ? { value } : { value, error });
}
