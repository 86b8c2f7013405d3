// The door of expressions/: conditions on a webhook and texts with holes, in words of expr-lang (https://expr-lang.org).

export {
  createConditionVariables,
  createTemplateVariables,
  type ConditionSource,
  type ConditionVariables,
} from "./condition-variables.ts";
export { checkCondition, evaluateCondition, evaluateExpression, type ExpressionResult } from "./evaluate-condition.ts";
export { checkTemplate, fillTemplate } from "./text-template.ts";
export { checkSchema, findMismatches, type Mismatch } from "./payload-schema.ts";
