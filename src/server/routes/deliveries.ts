// What was sent to a destination and is to be, and sending it again: the same below endpoints and targets.

import type { Elysia } from "elysia";
import { deliveryStatuses } from "../../core/delivery.ts";
import type { DeliveryVerbs } from "../../engine/engine.ts";
import { deliveryToJson, wholeDeliveryToJson } from "../endpoint-json.ts";
import { jsonResponse } from "../json-response.ts";
import { runListLimits } from "../limits.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import { parseRecovery } from "../parse-endpoint-requests.ts";
import { readChoice, readInteger } from "../read-query.ts";
import { readSmallBody } from "../read-small-body.ts";
import { parseQuery, splitTarget } from "../request-path.ts";
import type { RouteContext } from "../route-context.ts";

interface DeliveryRoutes {
  /** Of all destinations of the kind, as `/v1/webhooks`. */
  readonly above: string;
  /** The parameter that names one of them. */
  readonly parameter: string;
  /** Asked for at each request, as there are none while nothing leaves the server. */
  readonly verbs: () => DeliveryVerbs;
}

export function addDeliveryRoutes(
  app: Elysia,
  { above, parameter, verbs }: DeliveryRoutes,
  context: Pick<RouteContext, "limits" | "clock">,
): void {
  const one = `${above}/:${parameter}`;
  const deliveries = `${one}/deliveries`;
  const delivery = `${deliveries}/:delivery`;
  const namesOf = (params: Readonly<Record<string, string>>): [string, string] => [
    params[parameter] ?? "",
    params["delivery"] ?? "",
  ];
  const options = { parse: "none" } as const;
  app
    .get(deliveries, ({ params, request }) => listDeliveries(request, namesOf(params)[0], verbs()))
    .all(deliveries, ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .get(delivery, async ({ params }) => jsonResponse(wholeDeliveryToJson(await verbs().get(...namesOf(params)))))
    .all(delivery, ({ request }) => methodNotAllowed(request, "GET, HEAD"))
    .post(
      `${delivery}/retry`,
      async ({ params }) => jsonResponse(deliveryToJson(await verbs().retry(...namesOf(params))), 202),
      options,
    )
    .all(`${delivery}/retry`, ({ request }) => methodNotAllowed(request, "POST"))
    .post(
      `${one}/recover`,
      async ({ params, request }) => {
        const since = parseRecovery(await readSmallBody(request, context));
        return jsonResponse({ recovered: await verbs().recover(namesOf(params)[0], since) }, 202);
      },
      options,
    )
    .all(`${one}/recover`, ({ request }) => methodNotAllowed(request, "POST"));
}

async function listDeliveries(request: Request, name: string, verbs: DeliveryVerbs): Promise<Response> {
  const query = parseQuery(splitTarget(request.url).search);
  const status = readChoice(query, "status", deliveryStatuses);
  const { deliveries, nextCursor } = await verbs.list(name, {
    limit: readInteger(query, "limit", runListLimits),
    ...(status ? { status } : {}),
    ...(query["cursor"] ? { cursor: query["cursor"] } : {}),
  });
  return jsonResponse({ deliveries: deliveries.map(deliveryToJson), next_cursor: nextCursor });
}
