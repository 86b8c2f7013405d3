// GET /api/targets, POST /api/targets/{target}/test, and deliveries: where notifications go, without what is secret.

import type { Elysia } from "elysia";
import type { DeliveryVerbs, MadeAttempt } from "../../engine/engine.ts";
import type { TargetTestJson } from "../../core/target-json.ts";
import { jsonResponse } from "../json-response.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import type { RouteContext } from "../route-context.ts";
import { addDeliveryRoutes } from "./deliveries.ts";

const all = "/api/targets";
const testAddress = `${all}/:target/test` as const;

export function addTargetRoutes(app: Elysia, context: RouteContext): void {
  const { engine } = context;
  app
    .get(all, () => jsonResponse({ targets: engine.targets.overview() }))
    .all(all, ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .post(
      testAddress,
      async ({ params: { target } }) => jsonResponse(toJson(target, await engine.targets.test(target))),
      {
        parse: "none",
      },
    )
    .all(testAddress, ({ request }) => methodNotAllowed(request, "POST"));
  const verbs = (): DeliveryVerbs => engine.targets.deliveries;
  addDeliveryRoutes(app, { above: all, parameter: "target", verbs }, context);
}

function toJson(target: string, { outcome }: MadeAttempt): TargetTestJson {
  const duration = Math.round(outcome.durationMs);
  if (outcome.type === "failed") {
    const error = { code: outcome.error, message: outcome.message };
    return { target, delivered: false, status: null, error, duration_ms: duration, response: "" };
  }
  const { status, body } = outcome;
  const delivered = status >= 200 && status <= 299;
  const response = new TextDecoder().decode(body);
  return { target, delivered, status, error: null, duration_ms: duration, response };
}
