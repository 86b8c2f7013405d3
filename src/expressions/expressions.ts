// The door of expressions/: conditions on a webhook, in words of expr-lang (https://expr-lang.org).

export { createConditionVariables, type ConditionSource, type ConditionVariables } from "./condition-variables.ts";
export { checkCondition, evaluateCondition } from "./evaluate-condition.ts";
