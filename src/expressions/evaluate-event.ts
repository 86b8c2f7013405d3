// Whether a condition on an event holds: its variables are the fields of the envelope that receivers get.

import type { EventJson } from "../core/event-json.ts";
import { CompiledExpressions, type ExpressionResult, toTruth } from "./compiled-expressions.ts";

/** Each event asks for that of every endpoint in turn: there may be 1,000 of the API and as many of runner.toml. */
const maxConditions = 2000;

/** Events differ in what they have: what is missing is nil, and so is all that would be in it. */
const conditions = new CompiledExpressions(
  {
    names: ["id", "type", "created_at", "data", "metadata"] satisfies readonly (keyof EventJson)[],
    isNilOpen: true,
  },
  maxConditions,
);

/** Never throws: not ok when it is no expression, cannot be evaluated, or comes to anything but true or false. */
export function evaluateEventCondition(
  expression: string,
  event: EventJson,
  now: () => number,
): ExpressionResult<boolean> {
  return conditions.evaluate(expression, event, now, toTruth);
}

/** What is wrong with the text as a condition on an event; null where it is one. */
export function checkEventCondition(expression: string): string | null {
  return conditions.check(expression);
}
