// How the expressions in a pipeline's config are checked.

import type * as Expressions from "../expressions/expressions.ts";
import type { CatalogOptions } from "../pipelines/pipelines.ts";

/** Loaded with the first text that may have holes, the first condition or schema: the parser takes 2 MB. */
function loadExpressions(): typeof Expressions {
  return require("../expressions/expressions.ts") as typeof Expressions;
}

export const configChecks: NonNullable<CatalogOptions["checks"]> = {
  template: (template) => loadExpressions().checkTemplate(template),
  condition: (condition) => firstLine(loadExpressions().checkCondition(condition)),
  schema: (schema) => loadExpressions().checkSchema(schema),
};

/** A problem is one line; the place of an error in its condition is in it. */
function firstLine(message: string | null): string | null {
  return message?.split("\n")[0] ?? null;
}
