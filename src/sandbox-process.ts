// The entry of a sandbox process: wires the sandbox to the expressions it evaluates for scripts.

import { evaluateCondition } from "./expressions/expressions.ts";
import type { Piece } from "./sandbox/channel/pieces.ts";
import { serveGuests } from "./sandbox/process/serve-guests.ts";

await serveGuests({
  evaluateCondition: (expression, request) =>
    request === null ? { ok: true, value: true } : evaluateCondition(expression, request),
  onPiece: (listener) => {
    process.on("message", (piece) => listener(piece as Piece));
  },
});
