// A request that starts a run: reads its body, and answers with the run's id, with the run itself, or with its events.

import { isFinal, type Run } from "../core/run.ts";
import { runToJson } from "../core/run-json.ts";
import { openAnswerSignal } from "./answer-signal.ts";
import { publicPath } from "./base-path.ts";
import { acceptsEvents } from "./choose-log-format.ts";
import { jsonResponse } from "./json-response.ts";
import { createSseFormat } from "./log-format.ts";
import { startedRunResponse } from "./log-response.ts";
import { readBody } from "./read-body.ts";
import { readDuration } from "./read-query.ts";
import { readHeaders } from "./request-headers.ts";
import { parseQuery, splitTarget } from "./request-path.ts";
import type { RouteContext } from "./route-context.ts";

/**
 * With `?wait=` the run itself: 200 once it has ended, 202 as it is when the wait was too short. With
 * `Accept: text/event-stream` the run as it happens.
 */
export async function startRun(
  request: Request,
  context: RouteContext,
  start: (body: Uint8Array) => Promise<{ readonly runId: string }>,
): Promise<Response> {
  const { limits, connections } = context;
  const waitMs = readDuration(parseQuery(splitTarget(request.url).search), "wait", limits.maxWaitMs);
  connections.hold(request);
  let streams = false;
  try {
    const { runId } = await start(await readBody(request, readHeaders(request.headers, limits), context));
    const location = { location: publicPath(context.publicUrl, `/api/runs/${encodeURIComponent(runId)}`) };
    streams = acceptsEvents(request.headers.get("accept"));
    if (streams) return startedRunResponse(request, runId, createSseFormat(), context, location);
    if (waitMs === undefined) return jsonResponse({ run_id: runId }, 202, location);
    const run = await waitForEnd(runId, waitMs, request, context);
    return jsonResponse(runToJson(run), isFinal(run.status) ? 200 : 202, location);
  } finally {
    // A stream lets go of its connection itself.
    if (!streams) connections.release(request);
  }
}

/** Ends early, and never ends the run, when the caller leaves or the server stops. */
async function waitForEnd(runId: string, waitMs: number, request: Request, context: RouteContext): Promise<Run> {
  const { engine, stopping } = context;
  const answer = openAnswerSignal(request, stopping);
  try {
    return await engine.waitAsCaller(runId, waitMs, answer.signal);
  } catch (error) {
    if (!answer.signal.aborted) throw error;
    return await engine.getRun(runId);
  } finally {
    answer.close();
  }
}
