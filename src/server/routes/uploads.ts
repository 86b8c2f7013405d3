// PUT and DELETE /api/pipelines/{id}: a pipeline's file is uploaded, or removed; POST …/check: it is looked at.

import { webhookUrl } from "../../core/webhook-address.ts";
import type { PipelineUpload } from "../../engine/engine.ts";
import { publicPath } from "../base-path.ts";
import { jsonResponse, apiHeaders } from "../json-response.ts";
import { isJsonUpload, parseFileUpload, parseJsonUpload } from "../parse-upload.ts";
import { pipelineToJson } from "../pipeline-json.ts";
import { readBody } from "../read-body.ts";
import { readHeaders } from "../request-headers.ts";
import { decodeId, parseQuery, splitTarget } from "../request-path.ts";
import type { RouteContext } from "../route-context.ts";

/** 201 where the pipeline is new, else 200: the pipeline, what changed, warnings, and its webhook. */
export async function setPipeline(request: Request, prefix: string, context: RouteContext): Promise<Response> {
  const { engine, connections, publicUrl } = context;
  const id = decodeId(splitTarget(request.url).path.slice(prefix.length));
  connections.hold(request);
  try {
    const upload = await readUpload(request, context);
    const { overview, change, warnings } = await engine.setPipeline(id, upload);
    const pipeline = pipelineToJson(overview, publicUrl);
    const { webhook } = pipeline.config ?? { webhook: null };
    // As the caller reaches it, where the server does not know better.
    const origin = originOf(request, connections.isSecure);
    const url = webhook?.url ?? (origin === null ? null : webhookUrl(origin, id));
    const answer = { ...pipeline, change, warnings, webhook: webhook && { ...webhook, url } };
    const location = { location: publicPath(publicUrl, `/api/pipelines/${encodeURIComponent(id)}`) };
    return jsonResponse(answer, change === "created" ? 201 : 200, location);
  } finally {
    connections.release(request);
  }
}

/** What is wrong with a file; it is not put in force. */
export async function checkPipeline(request: Request, id: string, context: RouteContext): Promise<Response> {
  context.connections.hold(request);
  try {
    const problems = await context.engine.checkPipeline(id, await readUpload(request, context));
    return jsonResponse({ ok: problems.every(({ severity }) => severity === "warning"), problems });
  } finally {
    context.connections.release(request);
  }
}

async function readUpload(request: Request, context: RouteContext): Promise<PipelineUpload> {
  const { limits } = context;
  const headers = readHeaders(request.headers, limits);
  const contentType = headers["content-type"];
  const isJson = isJsonUpload(contentType);
  // A file of the greatest size, with the escapes that JSON needs for it.
  const maxBodyBytes = isJson ? 2 * limits.maxBodyBytes : limits.maxBodyBytes;
  const body = await readBody(request, headers, { ...context, limits: { ...limits, maxBodyBytes } });
  const extension = parseQuery(splitTarget(request.url).search)["extension"];
  return isJson ? parseJsonUpload(body) : parseFileUpload(body, contentType, extension);
}

/** Null where the Host header is none; in a request's address the scheme is always http. */
function originOf(request: Request, isSecure: boolean): string | null {
  const url = URL.parse(request.url);
  return url === null ? null : `${isSecure ? "https" : "http"}://${url.host}`;
}

export async function removePipeline(request: Request, prefix: string, context: RouteContext): Promise<Response> {
  const id = decodeId(splitTarget(request.url).path.slice(prefix.length));
  context.connections.hold(request);
  try {
    await context.engine.removePipeline(id);
    return new Response(null, { status: 204, headers: apiHeaders });
  } finally {
    context.connections.release(request);
  }
}
