// ANY /api/webhooks/{pipeline}: the exact bytes go to the engine, and the script's answer comes back.

import type { Elysia } from "elysia";
import { AppError, type AppErrorOptions, type ErrorCode } from "../../core/app-error.ts";
import type { ReadBody, RequestHead, WebhookAnswer } from "../../engine/engine.ts";
import { acceptsEvents } from "../choose-log-format.ts";
import { jsonResponse } from "../json-response.ts";
import { createSseFormat, createTextFormat } from "../log-format.ts";
import { startedRunResponse } from "../log-response.ts";
import { discardBody, readBody } from "../read-body.ts";
import { keepHeaders, type RequestHeaders } from "../request-headers.ts";
import { decodeId, parseQuery, splitTarget } from "../request-path.ts";
import { responseHeaders } from "../response-headers.ts";
import type { RouteContext } from "../route-context.ts";

export const webhookPrefix = "/api/webhooks/";

export function addWebhookRoutes(app: Elysia, context: RouteContext): void {
  // A signature is over bytes, and Elysia's parsers would take a body without content type for a form.
  app.all(`${webhookPrefix}*`, ({ request }) => receiveWebhook(request, context), { parse: "none" });
}

async function receiveWebhook(request: Request, context: RouteContext): Promise<Response> {
  const { url, path, search } = splitTarget(request.url);
  const pipeline = decodeId(path.slice(webhookPrefix.length));
  const { kept, refusal } = keepHeaders(request.headers, context.limits);
  const headers = withoutSession(kept, context);
  const query = parseQuery(search);
  context.connections.hold(request);
  const address = context.findSender(context.connections.addressOf(request), headers["x-forwarded-for"]);
  const held = context.bodies.open(address);
  let isRead = false;
  let streams = false;
  try {
    const head = { pipeline, method: request.method, url, headers, query, address };
    const answer = await receive(context, head, async (maxBytes) => {
      // Only here, so that it is on record, where there is such a pipeline.
      if (refusal !== null) throw refusal;
      isRead = true;
      const maxBodyBytes = maxBytes ?? context.limits.maxBodyBytes;
      return await readBody(request, headers, { ...context, limits: { ...context.limits, maxBodyBytes }, held });
    });
    if (answer.type !== "stream") return toResponse(answer, request.method);
    streams = true;
    return streamRun(request, answer.runId, context);
  } catch (error) {
    if (!isRead) await discardBody(request, headers, context);
    throw error;
  } finally {
    held.release();
    // A stream lets go of its connection itself.
    if (!streams) context.connections.release(request);
  }
}

/** A browser with a session sends it wherever its user opens this server. */
function withoutSession(headers: RequestHeaders, { credentials }: RouteContext): RequestHeaders {
  const { cookie, ...others } = headers;
  if (cookie === undefined) return headers;
  const rest = credentials.sessions.remove(cookie);
  return rest === "" ? others : { ...others, cookie: rest };
}

function streamRun(request: Request, runId: string, context: RouteContext): Response {
  const format = acceptsEvents(request.headers.get("accept")) ? createSseFormat() : createTextFormat();
  return startedRunResponse(request, runId, format, context, { "x-run-id": runId });
}

function toResponse(answer: WebhookAnswer, method: string): Response {
  if (answer.type === "skipped") return jsonResponse({ skipped: true }, 202);
  if (answer.type === "duplicate") return jsonResponse({ run_id: answer.runId, duplicate: true }, 200);
  if (answer.type !== "response") return jsonResponse({ run_id: answer.runId }, 202);
  const { status } = answer;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new AppError("INTERNAL", `run ${answer.runId} answered its webhook with the status ${status}`);
  }
  const headers = responseHeaders(answer.headers);
  if (status === 204 || status === 205 || status === 304) return new Response(null, { status, headers });
  if (method === "HEAD") {
    headers["content-length"] = String(Buffer.byteLength(answer.body));
    return new Response(null, { status, headers });
  }
  return new Response(answer.body, { status, headers });
}

/** Whoever calls a webhook has shown no token: it learns which error, not why, and nothing of other pipelines. */
const publicMessages: Partial<Record<ErrorCode, string>> = {
  PIPELINE_NOT_FOUND: "there is no such webhook",
  WEBHOOK_DISABLED: "this pipeline takes no webhooks",
  PAYLOAD_INVALID: "the payload does not fit this pipeline's schema",
  SIGNATURE_INVALID: "the signature of this request is missing or not valid",
  SECRET_MISSING: "this pipeline's webhook secret is not available on the server",
  PIPELINE_BROKEN: "this pipeline does not load",
  STORE_UNAVAILABLE: "the request could not be stored",
  SHUTTING_DOWN: "the server is stopping",
  DISK_LOW: "the server has no room for new runs now",
  QUEUE_FULL: "the server has too many runs waiting",
  ADDRESS_NOT_ALLOWED: "this webhook may not be called from here",
  RATE_LIMITED: "too many requests",
  PIPELINE_PAUSED: "this pipeline is paused",
};

/** What its sender can see or do itself it is told: where a payload does not fit, how long to wait. */
function publicOptions({ code, hint, details }: AppError): AppErrorOptions {
  const { reason: _reason, ...shown } = details;
  if (code === "RATE_LIMITED") return { details: shown };
  return code === "PAYLOAD_INVALID" ? { details: shown, ...(hint === undefined ? {} : { hint }) } : {};
}

async function receive({ engine }: RouteContext, head: RequestHead, readOnce: ReadBody): Promise<WebhookAnswer> {
  // What is wrong with the bytes themselves its sender may know.
  let ofBody: unknown;
  try {
    return await engine.receiveWebhook(head, async (maxBytes) => {
      try {
        return await readOnce(maxBytes);
      } catch (thrown) {
        ofBody = thrown;
        throw thrown;
      }
    });
  } catch (error) {
    if (error === ofBody || !(error instanceof AppError)) throw error;
    const message = publicMessages[error.code] ?? "this webhook cannot be taken";
    throw new AppError(error.code, message, { ...publicOptions(error), cause: error });
  }
}
