// GET /api/schedules: when runs begin by themselves.

import type { Elysia } from "elysia";
import { jsonResponse } from "../json-response.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import type { RouteContext } from "../route-context.ts";
import { scheduleToJson } from "../schedule-json.ts";

export function addScheduleRoutes(app: Elysia, { engine }: RouteContext): void {
  app
    .get("/api/schedules", () => jsonResponse({ schedules: engine.listSchedules().map(scheduleToJson) }))
    .all("/api/schedules", ({ request }) => methodNotAllowed(request, "GET, HEAD"));
}
