// GET /api/runs/{id}/logs: text, or NDJSON by Accept or ?format=; ?follow=1 goes on until the run has ended.

import type { Elysia } from "elysia";
import { openAnswerSignal } from "../answer-signal.ts";
import { apiHeaders } from "../json-response.ts";
import { createNdjsonFormat, createTextFormat, type LogFormat } from "../log-format.ts";
import { createLogStream } from "../log-stream.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { readChoice, readFlag, readInteger } from "../read-query.ts";
import { parseQuery, splitTarget } from "../request-path.ts";
import type { RouteContext } from "../route-context.ts";

export function addLogRoutes(app: Elysia, context: RouteContext): void {
  app
    .get("/api/runs/:id/logs", ({ request, params }) => readLogs(request, params.id, context))
    .all("/api/runs/:id/logs", ({ request }) => methodNotAllowed(request, "GET, HEAD"));
}

async function readLogs(request: Request, runId: string, context: RouteContext): Promise<Response> {
  const query = parseQuery(splitTarget(request.url).search);
  const format = chooseFormat(query, request.headers.get("accept"));
  const follow = readFlag(query, "follow");
  const afterSeq = readInteger(query, "after", { min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 });
  // Asked first, because once a stream has begun it cannot become a 404.
  await context.engine.getRun(runId);
  // no-transform and x-accel-buffering keep proxies from gathering what is to be seen as it happens.
  const headers = {
    ...apiHeaders,
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
    "content-type": format.contentType,
  };
  if (request.method === "HEAD") return new Response(null, { headers });
  return new Response(openStream(request, runId, { format, follow, afterSeq }, context), { headers });
}

interface LogSelection {
  readonly format: LogFormat;
  readonly follow: boolean;
  readonly afterSeq: number;
}

function openStream(
  request: Request,
  runId: string,
  { format, follow, afterSeq }: LogSelection,
  { engine, limits, clock, connections, stopping, reportError }: RouteContext,
): ReadableStream<Uint8Array> {
  const answer = openAnswerSignal(request, stopping);
  const { signal } = answer;
  const stream = createLogStream(engine.readLogs(runId, { afterSeq, follow, signal }), {
    format,
    follow,
    clock,
    signal,
    heartbeatMs: limits.heartbeatMs,
    onEnd: (error) => {
      if (error !== undefined && !signal.aborted) reportError(error, request);
      answer.close();
      connections.release(request);
    },
  });
  connections.hold(request);
  return stream;
}

function chooseFormat(query: Readonly<Record<string, string>>, accept: string | null): LogFormat {
  const asked = readChoice(query, "format", ["text", "ndjson"]);
  const wantsNdjson = asked ? asked === "ndjson" : /\bapplication\/(?:x-)?ndjson\b/i.test(accept ?? "");
  return wantsNdjson ? createNdjsonFormat() : createTextFormat();
}
