// `config.webhook.when`: whether a request starts a run, asked in the control process before anything runs.

import type { InboundRequest } from "../core/inbound-request.ts";
import { loadExpressions } from "./load-expressions.ts";

/** A condition that cannot be evaluated does not hold; `problem` says why, in one line. */
export interface ConditionOutcome {
  readonly holds: boolean;
  readonly problem: string | null;
}

/** @param receivedAt what the condition sees as the time, in milliseconds since 1970. */
export function evaluateWhen(when: string, request: InboundRequest, receivedAt: number): ConditionOutcome {
  const { createConditionVariables, evaluateCondition } = loadExpressions();
  const variables = createConditionVariables({
    ...request,
    get body() {
      return new TextDecoder().decode(request.body);
    },
  });
  const result = evaluateCondition(when, variables, () => receivedAt);
  return result.ok
    ? { holds: result.value, problem: null }
    : { holds: false, problem: result.message.split("\n")[0] ?? "" };
}
