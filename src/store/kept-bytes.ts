// What a recorded request takes in the database, about.

import type { InboundRequest } from "../core/inbound-request.ts";

/** Of what a sender can make long. */
export function keptBytes({
  url,
  headers,
  query,
  body,
}: Pick<InboundRequest, "url" | "headers" | "query" | "body">): number {
  return url.length + JSON.stringify(headers).length + JSON.stringify(query).length + body.length;
}
