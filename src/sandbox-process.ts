// The entry of a sandbox process: wires the sandbox to the expressions it evaluates for scripts.

import type * as Expressions from "./expressions/expressions.ts";
import type { Piece } from "./sandbox/channel/pieces.ts";
import { serveGuests } from "./sandbox/process/serve-guests.ts";

/** Loaded with the first expression: most processes never see one, and the parser takes 2 MB of each. */
function loadExpressions(): typeof Expressions {
  return require("./expressions/expressions.ts") as typeof Expressions;
}

const known = new WeakMap<object, Expressions.ConditionVariables>();

/** A request's body is decoded once, however many expressions ask about it. */
function variablesOf(request: Expressions.ConditionSource): Expressions.ConditionVariables {
  const variables = known.get(request) ?? loadExpressions().createConditionVariables(request);
  known.set(request, variables);
  return variables;
}

await serveGuests({
  language: {
    check: (expression) => loadExpressions().checkCondition(expression),
    holds: (expression, request, now) => loadExpressions().evaluateCondition(expression, variablesOf(request), now),
    evaluate: (expression, request, now) => loadExpressions().evaluateExpression(expression, variablesOf(request), now),
  },
  onPiece: (listener) => {
    process.on("message", (piece) => listener(piece as Piece));
  },
});
