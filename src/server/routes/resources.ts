// GET /api/resources: the resources of YAML pipelines. They are checked before they are due by
// POST /api/pipelines/{id}/check-resources.

import type { Elysia } from "elysia";
import { jsonResponse } from "../json-response.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { parseQuery, splitTarget } from "../request-path.ts";
import { resourceToJson } from "../resource-json.ts";
import type { RouteContext } from "../route-context.ts";

export function addResourceRoutes(app: Elysia, { engine }: RouteContext): void {
  app
    .get("/api/resources", async ({ request }) => {
      const { pipeline } = parseQuery(splitTarget(request.url).search);
      return jsonResponse({ resources: (await engine.resources.list(pipeline)).map(resourceToJson) });
    })
    .all("/api/resources", ({ request }) => methodNotAllowed(request, "GET, HEAD"));
}
