// GET /api/secrets, PUT and DELETE /api/secrets/{name}: what is kept is named, and given to nobody.

import type { Elysia } from "elysia";
import { AppError } from "../../core/app-error.ts";
import type { SecretOverview } from "../../engine/engine.ts";
import { apiHeaders, jsonResponse } from "../json-response.ts";
import { maxSecretBodyBytes } from "../limits.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { parseSecret } from "../parse-secret.ts";
import { readBody } from "../read-body.ts";
import { readHeaders } from "../request-headers.ts";
import { parseQuery, splitTarget } from "../request-path.ts";
import type { RouteContext } from "../route-context.ts";
import { secretToJson } from "../secret-json.ts";

const address = "/api/secrets/:name";

export function addSecretRoutes(app: Elysia, context: RouteContext): void {
  const { engine } = context;
  app
    .get("/api/secrets", () => jsonResponse({ secrets: engine.listSecrets().map(secretToJson) }))
    .all("/api/secrets", ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .put(
      address,
      async ({ params: { name }, request }) => {
        const place = { name, pipeline: readPipeline(request) };
        const { isNew, ...secret } = await engine.setSecret(place, parseSecret(await readValue(request, context)));
        return jsonResponse(secretToJson(secret), isNew ? 201 : 200);
      },
      { parse: "none" },
    )
    .delete(
      address,
      async ({ params: { name }, request }) => {
        await engine.removeSecret({ name, pipeline: readPipeline(request) });
        return new Response(null, { status: 204, headers: apiHeaders });
      },
      { parse: "none" },
    )
    .all(address, ({ request }) => methodNotAllowed(request, "PUT, DELETE"));
}

/** `?pipeline=`; null: every pipeline's. It need not be there yet. @throws {AppError} VALIDATION_FAILED. */
function readPipeline(request: Request): SecretOverview["pipeline"] {
  const { pipeline } = parseQuery(splitTarget(request.url).search);
  if (pipeline === undefined) return null;
  if (pipeline !== "" && pipeline.length <= 200 && pipeline.isWellFormed() && !pipeline.includes("\0")) return pipeline;
  throw new AppError("VALIDATION_FAILED", 'the query parameter "pipeline" is no id of a pipeline', {
    details: { parameter: "pipeline" },
    hint: "leave it out for a secret that every pipeline may use",
  });
}

async function readValue(request: Request, context: RouteContext): Promise<Uint8Array> {
  const limits = { ...context.limits, maxBodyBytes: Math.min(maxSecretBodyBytes, context.limits.maxBodyBytes) };
  return await readBody(request, readHeaders(request.headers, limits), { limits, clock: context.clock });
}
