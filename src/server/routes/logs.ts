// GET /api/runs/{id}/logs: text, NDJSON or events by Accept or ?format=; ?follow=1 goes on until the run has ended.

import type { Elysia } from "elysia";
import { AppError } from "../../core/app-error.ts";
import { chooseLogFormat } from "../choose-log-format.ts";
import { apiHeaders } from "../json-response.ts";
import { endEventId } from "../log-format.ts";
import { logResponse } from "../log-response.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { readFlag, readInteger } from "../read-query.ts";
import { parseQuery, splitTarget } from "../request-path.ts";
import type { RouteContext } from "../route-context.ts";

export function addLogRoutes(app: Elysia, context: RouteContext): void {
  app
    .get("/api/runs/:id/logs", ({ request, params }) => readLogs(request, params.id, context))
    .all("/api/runs/:id/logs", ({ request }) => methodNotAllowed(request, "GET, HEAD"));
}

async function readLogs(request: Request, runId: string, context: RouteContext): Promise<Response> {
  const query = parseQuery(splitTarget(request.url).search);
  const format = chooseLogFormat(query, request.headers.get("accept"));
  const isEvents = format.name === "sse";
  const follow = readFlag(query, "follow", isEvents);
  // An EventSource that comes back sends this beside the address it was given.
  const lastEventId = isEvents ? request.headers.get("last-event-id") || null : null;
  const afterSeq = readInteger(query, "after", { min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 });
  const options = { format, follow, afterSeq: readLastEventId(lastEventId) ?? afterSeq, started: false };
  // Asked first, because once a stream has begun it cannot become a 404.
  await context.engine.getRun(runId);
  // The one answer that ends the reconnecting of an EventSource.
  if (lastEventId === endEventId) return new Response(null, { status: 204, headers: apiHeaders });
  return logResponse(request, runId, options, context);
}

/** @throws {AppError} VALIDATION_FAILED when it is not an id of ours. */
function readLastEventId(id: string | null): number | null {
  if (id === null || id === endEventId) return null;
  if (/^\d{1,15}$/.test(id)) return Number(id);
  throw new AppError(
    "VALIDATION_FAILED",
    `Last-Event-ID is ${JSON.stringify(id.slice(0, 100))}, not an id of this log`,
    {
      hint: "send the id of the last event as it was received",
      details: { header: "Last-Event-ID" },
    },
  );
}
