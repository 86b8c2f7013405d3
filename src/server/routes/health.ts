// GET /healthz: the process lives. GET /readyz: it takes new runs.

import type { Elysia } from "elysia";
import { AppError, toAppError } from "../../core/app-error.ts";
import { jsonResponse } from "../json-response.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import type { RouteContext } from "../route-context.ts";

export function addHealthRoutes(app: Elysia, { engine, stopping }: RouteContext): void {
  app
    .get("/healthz", () => jsonResponse({ status: "ok" }))
    .all("/healthz", ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .get("/readyz", () => {
      checkReady(engine);
      if (!stopping.aborted) return jsonResponse({ status: "ready" });
      throw new AppError("SHUTTING_DOWN", "the server takes no new runs now", { hint: "try again in a few seconds" });
    })
    .all("/readyz", ({ request }) => methodNotAllowed(request, "GET, HEAD"));
}

/** Whoever asks has shown no token: the server's log has the reason. */
function checkReady(engine: RouteContext["engine"]): void {
  try {
    engine.checkReady();
  } catch (thrown) {
    const { code } = toAppError(thrown);
    throw new AppError(code, "the server takes no new runs now", { hint: "its log says why", cause: thrown });
  }
}
