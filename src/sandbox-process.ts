// The entry of a sandbox process: wires the sandbox to the expressions it evaluates for scripts.

import type * as Expressions from "./expressions/expressions.ts";
import type { Piece } from "./sandbox/channel/pieces.ts";
import { serveGuests } from "./sandbox/process/serve-guests.ts";

/** Loaded with the first condition: most processes never see one, and the parser takes 2 MB of each. */
function loadExpressions(): typeof Expressions {
  return require("./expressions/expressions.ts") as typeof Expressions;
}

/** A request's body is decoded once, however many conditions ask about it. */
const variablesOf = new WeakMap<object, Expressions.ConditionVariables>();

await serveGuests({
  evaluateCondition: (expression, request, now) => {
    const { checkCondition, createConditionVariables, evaluateCondition } = loadExpressions();
    if (request === null) {
      const problem = checkCondition(expression);
      return problem === null ? { ok: true, value: true } : { ok: false, message: problem };
    }
    const variables = variablesOf.get(request) ?? createConditionVariables(request);
    variablesOf.set(request, variables);
    return evaluateCondition(expression, variables, now);
  },
  onPiece: (listener) => {
    process.on("message", (piece) => listener(piece as Piece));
  },
});
