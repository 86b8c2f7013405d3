// GET /api/runs, GET /api/runs/{id}, POST /api/runs/{id}/cancel, POST /api/runs/{id}/rerun.

import type { Elysia } from "elysia";
import { runStatuses } from "../../core/run.ts";
import { jsonResponse } from "../json-response.ts";
import { runListLimits } from "../limits.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { readChoice, readInteger } from "../read-query.ts";
import { parseQuery, splitTarget } from "../request-path.ts";
import type { RouteContext } from "../route-context.ts";
import { parseRerun } from "../parse-rerun.ts";
import { startRun } from "../start-run.ts";
import { runToJson } from "../../core/run-json.ts";

export function addRunRoutes(app: Elysia, context: RouteContext): void {
  const { engine } = context;
  app
    .get("/api/runs", ({ request }) => listRuns(request, context))
    .all("/api/runs", ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .get("/api/runs/:id", async ({ params }) => jsonResponse(runToJson(await engine.getRun(params.id))))
    .all("/api/runs/:id", ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .post("/api/runs/:id/cancel", async ({ params }) => jsonResponse(runToJson(await engine.cancel(params.id)), 202), {
      parse: "none",
    })
    .all("/api/runs/:id/cancel", ({ request }) => methodNotAllowed(request, "POST"))
    .post(
      "/api/runs/:id/rerun",
      ({ params, request }) =>
        startRun(request, context, async (body) => await engine.rerun(params.id, parseRerun(body))),
      { parse: "none" },
    )
    .all("/api/runs/:id/rerun", ({ request }) => methodNotAllowed(request, "POST"));
}

async function listRuns(request: Request, { engine }: RouteContext): Promise<Response> {
  const query = parseQuery(splitTarget(request.url).search);
  const status = readChoice(query, "status", runStatuses);
  const { runs, nextCursor } = await engine.listRuns({
    limit: readInteger(query, "limit", runListLimits),
    ...(status ? { status } : {}),
    ...(query["pipeline"] ? { pipeline: query["pipeline"] } : {}),
    ...(query["cursor"] ? { cursor: query["cursor"] } : {}),
  });
  return jsonResponse({ runs: runs.map(runToJson), next_cursor: nextCursor });
}
