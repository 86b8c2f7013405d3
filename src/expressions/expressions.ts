// The door of expressions/: conditions on a webhook or an event, and texts with holes, in words of expr-lang (https://expr-lang.org).

export {
  createConditionVariables,
  createTemplateVariables,
  type ConditionSource,
  type ConditionVariables,
} from "./condition-variables.ts";
export type { ExpressionResult } from "./compiled-expressions.ts";
export { checkCondition, evaluateCondition, evaluateExpression } from "./evaluate-condition.ts";
export { checkEventCondition, evaluateEventCondition } from "./evaluate-event.ts";
export { checkTemplate, fillNotificationTemplate, fillTemplate } from "./text-template.ts";
export { checkSchema, findMismatches, type Mismatch } from "./payload-schema.ts";
