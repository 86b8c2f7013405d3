// /v1/webhooks: endpoints, and samples sent to them. JSON is read whatever the Content-Type says.

import type { Elysia } from "elysia";
import type { DeliveryVerbs } from "../../engine/engine.ts";
import { publicPath } from "../base-path.ts";
import {
  changedEndpointToJson,
  endpointToJson,
  endpointWithSecretToJson,
  wholeDeliveryToJson,
} from "../endpoint-json.ts";
import { apiHeaders, jsonResponse } from "../json-response.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { parseRotation, parseSampleRequest } from "../parse-endpoint-requests.ts";
import { parseJson } from "../parse-json.ts";
import { readSmallBody } from "../read-small-body.ts";
import type { RouteContext } from "../route-context.ts";
import { addDeliveryRoutes } from "./deliveries.ts";

const all = "/v1/webhooks";
const one = `${all}/:webhook`;

export function addEndpointRoutes(app: Elysia, context: RouteContext): void {
  const { engine } = context;
  const options = { parse: "none" } as const;
  app
    .get(all, () => jsonResponse({ webhooks: engine.endpoints.list().map(endpointToJson) }))
    .post(all, ({ request }) => createEndpoint(request, context), options)
    .all(all, ({ request }) => methodNotAllowed(request, "GET, HEAD, POST"))
    .get(one, ({ params }) => jsonResponse(endpointToJson(engine.endpoints.get(params.webhook))))
    .patch(
      one,
      async ({ params, request }) => {
        const changed = await engine.endpoints.change(params.webhook, parseJson(await readSmallBody(request, context)));
        return jsonResponse(changedEndpointToJson(changed));
      },
      options,
    )
    .delete(
      one,
      async ({ params }) => {
        await engine.endpoints.remove(params.webhook);
        return new Response(null, { status: 204, headers: apiHeaders });
      },
      options,
    )
    .all(one, ({ request }) => methodNotAllowed(request, "GET, HEAD, PATCH, DELETE"))
    .post(
      `${one}/rotate-secret`,
      async ({ params, request }) => {
        const rotated = await engine.endpoints.rotateSecret(
          params.webhook,
          parseRotation(await readSmallBody(request, context)),
        );
        return jsonResponse(endpointWithSecretToJson(rotated));
      },
      options,
    )
    .all(`${one}/rotate-secret`, ({ request }) => methodNotAllowed(request, "POST"))
    .post(`${one}/test`, ({ params, request }) => sendSample(request, params.webhook, context), options)
    .all(`${one}/test`, ({ request }) => methodNotAllowed(request, "POST"));
  const verbs = (): DeliveryVerbs => engine.endpoints.deliveries;
  addDeliveryRoutes(app, { above: all, parameter: "webhook", verbs }, context);
}

async function createEndpoint(request: Request, context: RouteContext): Promise<Response> {
  const made = await context.engine.endpoints.create(parseJson(await readSmallBody(request, context)));
  const location = publicPath(context.publicUrl, `${all}/${made.endpoint.id}`);
  return jsonResponse(endpointWithSecretToJson(made), 201, { location });
}

/** The receiver may take its 30 seconds. */
async function sendSample(request: Request, id: string, context: RouteContext): Promise<Response> {
  const { engine, connections } = context;
  connections.hold(request);
  try {
    const type = parseSampleRequest(await readSmallBody(request, context));
    return jsonResponse(wholeDeliveryToJson(await engine.endpoints.sendSample(id, type)));
  } finally {
    connections.release(request);
  }
}
