// An expression tried on a request that is given as data, as `webhook.when` and `webhookTrigger` evaluate it.

import { AppError } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";
import { loadExpressions } from "./load-expressions.ts";
import { makeRequest, readTestRequest } from "./rehearsal/test-request.ts";
import { toGuestRequest } from "./to-guest-request.ts";

export interface ExpressionTrial {
  readonly expression: string;
  /** Its fields are those of a test's `request`. */
  readonly request: JsonValue;
  readonly nowMs: number;
}

/**
 * What the expression comes to.
 * @throws {AppError} VALIDATION_FAILED for the request, EXPRESSION_INVALID where there is no value.
 */
export function tryExpression({ expression, request, nowMs }: ExpressionTrial): JsonValue {
  const { createConditionVariables, evaluateExpression } = loadExpressions();
  const made = makeRequest("tried", { webhook: {} }, readTestRequest("request", request));
  const result = evaluateExpression(expression, createConditionVariables(toGuestRequest(made)), () => nowMs);
  if (result.ok) return result.value;
  throw new AppError("EXPRESSION_INVALID", result.message);
}
