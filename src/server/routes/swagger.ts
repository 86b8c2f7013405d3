// GET /swagger: the API's documentation as a page. GET /swagger/json: as OpenAPI. Both are made when first asked for.

import type { Elysia } from "elysia";
import { methodNotAllowed } from "../method-not-allowed.ts";
import type { RouteContext } from "../route-context.ts";

export const swaggerPath = "/swagger";

export function addSwaggerRoutes(app: Elysia, { publicUrl }: RouteContext): void {
  for (const path of [swaggerPath, `${swaggerPath}/json`, `${swaggerPath}/scalar.js`]) {
    app.get(path, async ({ request }) => await answer(request, publicUrl));
    app.all(path, ({ request }) => methodNotAllowed(request, "GET, HEAD"));
  }
}

async function answer(request: Request, publicUrl: string | null): Promise<Response> {
  const { answerApiDocs } = await import("../openapi/api-docs.ts");
  return await answerApiDocs(request, publicUrl);
}
