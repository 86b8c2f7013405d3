// Expressions of `config.webhook` on a request, evaluated in the control process before anything runs.

import type { InboundRequest } from "../core/inbound-request.ts";
import type { JsonValue } from "../core/json.ts";
import type { ConditionVariables, ExpressionResult } from "../expressions/expressions.ts";
import { loadExpressions } from "./load-expressions.ts";

/** A condition that cannot be evaluated does not hold; `problem` says why, in one line. */
export interface ConditionOutcome {
  readonly holds: boolean;
  readonly problem: string | null;
}

/**
 * `config.webhook.when`: whether the request is wanted.
 * @param receivedAt what the condition sees as the time, in milliseconds since 1970.
 */
export function evaluateWhen(when: string, request: InboundRequest, receivedAt: number): ConditionOutcome {
  const result = loadExpressions().evaluateCondition(when, variablesOf(request), () => receivedAt);
  return result.ok
    ? { holds: result.value, problem: null }
    : { holds: false, problem: result.message.split("\n")[0] ?? "" };
}

/** `config.webhook.dedupe`: what tells the request from others. */
export function evaluateDedupe(
  dedupe: string,
  request: InboundRequest,
  receivedAt: number,
): ExpressionResult<JsonValue> {
  return loadExpressions().evaluateExpression(dedupe, variablesOf(request), () => receivedAt);
}

function variablesOf(request: InboundRequest): ConditionVariables {
  return loadExpressions().createConditionVariables({
    ...request,
    get body() {
      return new TextDecoder().decode(request.body);
    },
  });
}
