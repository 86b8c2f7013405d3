// What `config.webhook` says about a request, asked in the control process before anything runs.

import type { InboundRequest } from "../core/inbound-request.ts";
import type { JsonValue } from "../core/json.ts";
import type { WebhookConfig } from "../core/pipeline-config.ts";
import type { ConditionVariables, ExpressionResult, Mismatch } from "../expressions/expressions.ts";
import { loadExpressions } from "./load-expressions.ts";

/** A condition that cannot be evaluated does not hold; `problem` says why, with its column and a caret below it. */
export interface ConditionOutcome {
  readonly holds: boolean;
  readonly problem: string | null;
}

/** A payload is decoded once, whatever asks about it. */
const variablesOf = new WeakMap<InboundRequest, ConditionVariables>();

/**
 * `config.webhook.when`: whether the request is wanted.
 * @param receivedAt what the condition sees as the time, in milliseconds since 1970.
 */
export function evaluateWhen(when: string, request: InboundRequest, receivedAt: number): ConditionOutcome {
  const result = loadExpressions().evaluateCondition(when, getVariables(request), () => receivedAt);
  return result.ok ? { holds: result.value, problem: null } : { holds: false, problem: result.message };
}

/** `config.webhook.dedupe`: what tells the request from others. */
export function evaluateDedupe(
  dedupe: string,
  request: InboundRequest,
  receivedAt: number,
): ExpressionResult<JsonValue> {
  return loadExpressions().evaluateExpression(dedupe, getVariables(request), () => receivedAt);
}

/** Where the payload, as conditions see it, does not fit the schema; none: it fits. */
export function findSchemaMismatches(
  schema: NonNullable<WebhookConfig["schema"]>,
  request: InboundRequest,
): readonly Mismatch[] {
  const { payload, body } = getVariables(request);
  if (payload === null && body.trim() !== "null") return [{ path: "", message: "the body is not JSON" }];
  return loadExpressions().findMismatches(schema, payload, body.length);
}

function getVariables(request: InboundRequest): ConditionVariables {
  const known = variablesOf.get(request);
  if (known !== undefined) return known;
  const variables = loadExpressions().createConditionVariables({
    ...request,
    get body() {
      return new TextDecoder().decode(request.body);
    },
  });
  variablesOf.set(request, variables);
  return variables;
}
