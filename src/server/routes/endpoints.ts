// /v1/webhooks: endpoints, what is sent to them, and sending it again. JSON is read whatever the Content-Type says.

import type { Elysia } from "elysia";
import { deliveryStatuses } from "../../core/delivery.ts";
import { publicPath } from "../base-path.ts";
import {
  changedEndpointToJson,
  deliveryToJson,
  endpointToJson,
  endpointWithSecretToJson,
  wholeDeliveryToJson,
} from "../endpoint-json.ts";
import { apiHeaders, jsonResponse } from "../json-response.ts";
import { maxEndpointBytes, runListLimits } from "../limits.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { parseRecovery, parseRotation, parseSampleRequest } from "../parse-endpoint-requests.ts";
import { parseJson } from "../parse-json.ts";
import { readBody } from "../read-body.ts";
import { readChoice, readInteger } from "../read-query.ts";
import { readHeaders } from "../request-headers.ts";
import { parseQuery, splitTarget } from "../request-path.ts";
import type { RouteContext } from "../route-context.ts";

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
        const changed = await engine.endpoints.change(params.webhook, parseJson(await bodyOf(request, context)));
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
          parseRotation(await bodyOf(request, context)),
        );
        return jsonResponse(endpointWithSecretToJson(rotated));
      },
      options,
    )
    .all(`${one}/rotate-secret`, ({ request }) => methodNotAllowed(request, "POST"))
    .post(`${one}/test`, ({ params, request }) => sendSample(request, params.webhook, context), options)
    .all(`${one}/test`, ({ request }) => methodNotAllowed(request, "POST"));
  addDeliveryRoutes(app, context);
}

function addDeliveryRoutes(app: Elysia, context: RouteContext): void {
  const { engine } = context;
  const deliveries = `${one}/deliveries`;
  const delivery = `${deliveries}/:delivery`;
  const options = { parse: "none" } as const;
  app
    .get(deliveries, ({ params, request }) => listDeliveries(request, params.webhook, context))
    .all(deliveries, ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .get(delivery, async ({ params }) =>
      jsonResponse(wholeDeliveryToJson(await engine.endpoints.getDelivery(params.webhook, params.delivery))),
    )
    .all(delivery, ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .post(
      `${delivery}/retry`,
      async ({ params }) =>
        jsonResponse(deliveryToJson(await engine.endpoints.retryDelivery(params.webhook, params.delivery)), 202),
      options,
    )
    .all(`${delivery}/retry`, ({ request }) => methodNotAllowed(request, "POST"))
    .post(
      `${one}/recover`,
      async ({ params, request }) => {
        const since = parseRecovery(await bodyOf(request, context));
        return jsonResponse({ recovered: await engine.endpoints.recover(params.webhook, since) }, 202);
      },
      options,
    )
    .all(`${one}/recover`, ({ request }) => methodNotAllowed(request, "POST"));
}

async function createEndpoint(request: Request, context: RouteContext): Promise<Response> {
  const made = await context.engine.endpoints.create(parseJson(await bodyOf(request, context)));
  const location = publicPath(context.publicUrl, `${all}/${made.endpoint.id}`);
  return jsonResponse(endpointWithSecretToJson(made), 201, { location });
}

/** The receiver may take its 30 seconds. */
async function sendSample(request: Request, id: string, context: RouteContext): Promise<Response> {
  const { engine, connections } = context;
  connections.hold(request);
  try {
    const type = parseSampleRequest(await bodyOf(request, context));
    return jsonResponse(wholeDeliveryToJson(await engine.endpoints.sendSample(id, type)));
  } finally {
    connections.release(request);
  }
}

async function listDeliveries(request: Request, id: string, { engine }: RouteContext): Promise<Response> {
  const query = parseQuery(splitTarget(request.url).search);
  const status = readChoice(query, "status", deliveryStatuses);
  const { deliveries, nextCursor } = await engine.endpoints.listDeliveries(id, {
    limit: readInteger(query, "limit", runListLimits),
    ...(status ? { status } : {}),
    ...(query["cursor"] ? { cursor: query["cursor"] } : {}),
  });
  return jsonResponse({ deliveries: deliveries.map(deliveryToJson), next_cursor: nextCursor });
}

async function bodyOf(request: Request, { limits, clock }: RouteContext): Promise<Uint8Array> {
  const bounded = { ...limits, maxBodyBytes: Math.min(maxEndpointBytes, limits.maxBodyBytes) };
  return await readBody(request, readHeaders(request.headers, bounded), { limits: bounded, clock });
}
