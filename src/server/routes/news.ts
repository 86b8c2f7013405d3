// POST /api/runs/{id}/approvals/{name} and /signals/{name}: news for a run that waits for it.

import type { Elysia } from "elysia";
import { runToJson } from "../../core/run-json.ts";
import { jsonResponse } from "../json-response.ts";
import { maxSignalBytes } from "../limits.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { parseDecision } from "../parse-decision.ts";
import { parseSignal } from "../parse-signal.ts";
import { readBody } from "../read-body.ts";
import { readHeaders } from "../request-headers.ts";
import type { RouteContext } from "../route-context.ts";

const approvalAddress = "/api/runs/:id/approvals/:name";
const signalAddress = "/api/runs/:id/signals/:name";

export function addNewsRoutes(app: Elysia, context: RouteContext): void {
  const { engine } = context;
  app
    .post(
      approvalAddress,
      async ({ params: { id, name }, request }) => {
        const decision = parseDecision(await readSmallBody(request, context));
        return jsonResponse(runToJson(await engine.decide(id, name, decision)));
      },
      { parse: "none" },
    )
    .all(approvalAddress, ({ request }) => methodNotAllowed(request, "POST"))
    .post(
      signalAddress,
      async ({ params: { id, name }, request }) => {
        const value = parseSignal(await readSmallBody(request, context));
        return jsonResponse(runToJson(await engine.signal(id, name, value)));
      },
      { parse: "none" },
    )
    .all(signalAddress, ({ request }) => methodNotAllowed(request, "POST"));
}

async function readSmallBody(request: Request, context: RouteContext): Promise<Uint8Array> {
  const limits = { ...context.limits, maxBodyBytes: Math.min(maxSignalBytes, context.limits.maxBodyBytes) };
  return await readBody(request, readHeaders(request.headers, limits), { limits, clock: context.clock });
}
