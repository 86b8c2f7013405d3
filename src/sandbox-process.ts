// The entry of a sandbox process: wires the sandbox to the expressions it evaluates for scripts.

import { type ConditionVariables, createConditionVariables, evaluateCondition } from "./expressions/expressions.ts";
import type { Piece } from "./sandbox/channel/pieces.ts";
import { serveGuests } from "./sandbox/process/serve-guests.ts";

/** A request's body is decoded once, however many conditions ask about it. */
const variablesOf = new WeakMap<object, ConditionVariables>();

await serveGuests({
  evaluateCondition: (expression, request) => {
    const variables = variablesOf.get(request) ?? createConditionVariables(request);
    variablesOf.set(request, variables);
    return evaluateCondition(expression, variables);
  },
  onPiece: (listener) => {
    process.on("message", (piece) => listener(piece as Piece));
  },
});
