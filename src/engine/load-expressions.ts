// The language of conditions, loaded with the first expression: its parser and its patterns take 2 MB.

import type * as Expressions from "../expressions/expressions.ts";

export function loadExpressions(): typeof Expressions {
  return require("../expressions/expressions.ts") as typeof Expressions;
}
