// GET /api/requests, GET /api/requests/{id}, POST /api/requests/{id}/redeliver.

import type { Elysia } from "elysia";
import { jsonResponse } from "../json-response.ts";
import { maxSignalBytes, runListLimits } from "../limits.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { parseRedeliver } from "../parse-redeliver.ts";
import { readBody } from "../read-body.ts";
import { readChoice, readInteger } from "../read-query.ts";
import { readHeaders } from "../request-headers.ts";
import { redeliveryToJson, requestToJson, wholeRequestToJson } from "../request-json.ts";
import { parseQuery, splitTarget } from "../request-path.ts";
import type { RouteContext } from "../route-context.ts";

export function addRequestRoutes(app: Elysia, context: RouteContext): void {
  const { engine } = context;
  app
    .get("/api/requests", ({ request }) => listRequests(request, context))
    .all("/api/requests", ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .get("/api/requests/:request", async ({ params }) =>
      jsonResponse(wholeRequestToJson(await engine.getRequest(params.request))),
    )
    .all("/api/requests/:request", ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .post("/api/requests/:request/redeliver", ({ params, request }) => redeliver(request, params.request, context), {
      parse: "none",
    })
    .all("/api/requests/:request/redeliver", ({ request }) => methodNotAllowed(request, "POST"));
}

async function listRequests(request: Request, { engine }: RouteContext): Promise<Response> {
  const query = parseQuery(splitTarget(request.url).search);
  const verdict = readChoice(query, "verdict", ["accepted", "refused"] as const);
  const { requests, nextCursor } = await engine.listRequests({
    limit: readInteger(query, "limit", runListLimits),
    ...(verdict ? { verdict } : {}),
    ...(query["pipeline"] ? { pipeline: query["pipeline"] } : {}),
    ...(query["reason"] ? { reason: query["reason"] } : {}),
    ...(query["run"] ? { runId: query["run"] } : {}),
    ...(query["cursor"] ? { cursor: query["cursor"] } : {}),
  });
  return jsonResponse({ requests: requests.map(requestToJson), next_cursor: nextCursor });
}

async function redeliver(request: Request, id: string, context: RouteContext): Promise<Response> {
  const { engine, clock, connections } = context;
  const limits = { ...context.limits, maxBodyBytes: Math.min(maxSignalBytes, context.limits.maxBodyBytes) };
  // The script's answer may be long in coming.
  connections.hold(request);
  try {
    const options = parseRedeliver(await readBody(request, readHeaders(request.headers, limits), { limits, clock }));
    return jsonResponse(redeliveryToJson(await engine.redeliver(id, options)));
  } finally {
    connections.release(request);
  }
}
