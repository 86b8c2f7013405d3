// GET /api/pipelines, GET, PUT and DELETE /api/pipelines/{id}, POST /api/pipelines/{id}/trigger, …/pause, …/resume, …/check
// and …/check-resources. Ids may contain slashes.

import type { Elysia } from "elysia";
import { AppError } from "../../core/app-error.ts";
import { jsonResponse } from "../json-response.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { parseTrigger } from "../parse-trigger.ts";
import { pipelineToJson } from "../pipeline-json.ts";
import { decodeId, parseQuery, splitTarget } from "../request-path.ts";
import { resourceToJson } from "../resource-json.ts";
import type { RouteContext } from "../route-context.ts";
import { startRun } from "../start-run.ts";
import { checkPipeline, removePipeline, setPipeline } from "./uploads.ts";

const prefix = "/api/pipelines/";
const verbs = ["trigger", "pause", "resume", "check", "check-resources"] as const;
const pipelineMethods = "GET, HEAD, PUT, DELETE";

/** What is asked of a pipeline by POST. */
interface VerbTarget {
  readonly id: string;
  readonly verb: (typeof verbs)[number];
}

export function addPipelineRoutes(app: Elysia, context: RouteContext): void {
  app
    .get("/api/pipelines", async () => {
      const pipelines = await context.engine.listPipelines();
      return jsonResponse({ pipelines: pipelines.map((each) => pipelineToJson(each, context.publicUrl)) });
    })
    .all("/api/pipelines", ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .get(`${prefix}*`, ({ request }) => unlessVerb(request, () => getPipeline(request, context)))
    .post(`${prefix}*`, ({ request }) => post(request, context), { parse: "none" })
    .put(
      `${prefix}*`,
      ({ request }) => (findVerb(request) ? methodNotAllowed(request, "POST") : setPipeline(request, prefix, context)),
      { parse: "none" },
    )
    .delete(`${prefix}*`, ({ request }) => unlessVerb(request, () => removePipeline(request, prefix, context)), {
      parse: "none",
    })
    .all(`${prefix}*`, ({ request }) => methodNotAllowed(request, findVerb(request) ? "POST" : pipelineMethods));
}

async function getPipeline(request: Request, { engine, publicUrl }: RouteContext): Promise<Response> {
  const id = decodeId(splitTarget(request.url).path.slice(prefix.length));
  return jsonResponse(pipelineToJson(await engine.getPipeline(id), publicUrl));
}

/** A pipeline may be called `x/trigger`; only where there is none is this the other resource. */
async function unlessVerb(request: Request, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    const isMissing = error instanceof AppError && error.code === "PIPELINE_NOT_FOUND";
    if (isMissing && findVerb(request)) return methodNotAllowed(request, "POST");
    throw error;
  }
}

async function post(request: Request, context: RouteContext): Promise<Response> {
  const { engine, publicUrl } = context;
  const target = findVerb(request);
  switch (target?.verb) {
    case "trigger":
      return await startRun(request, context, async (body) => await engine.trigger(target.id, parseTrigger(body)));
    case "pause":
      return jsonResponse(pipelineToJson(await engine.pausePipeline(target.id), publicUrl));
    case "resume":
      return jsonResponse(pipelineToJson(await engine.resumePipeline(target.id), publicUrl));
    case "check":
      return await checkPipeline(request, target.id, context);
    case "check-resources":
      return await checkResources(request, target.id, context);
    case undefined:
      return methodNotAllowed(request, pipelineMethods);
  }
}

async function checkResources(request: Request, id: string, { engine, connections }: RouteContext): Promise<Response> {
  const { resource } = parseQuery(splitTarget(request.url).search);
  connections.hold(request);
  try {
    return jsonResponse({ resources: (await engine.resources.check(id, resource)).map(resourceToJson) });
  } finally {
    connections.release(request);
  }
}

/** The pipeline, and what this address asks of it. */
function findVerb(request: Request): VerbTarget | undefined {
  const rest = splitTarget(request.url).path.slice(prefix.length);
  const path = rest.endsWith("/") ? rest.slice(0, -1) : rest;
  const verb = verbs.find((each) => path.endsWith(`/${each}`));
  return verb && { id: decodeId(path.slice(0, -verb.length - 1)), verb };
}
