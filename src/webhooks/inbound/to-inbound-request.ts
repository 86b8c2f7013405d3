// From what was received and what was found out about it to the request that is stored.

import type { InboundRequest } from "../../core/inbound-request.ts";
import type { UnverifiedRequest } from "./verify-inbound.ts";

/** The request with its provider. Header names become lower case; those that differ only in case are joined. */
export function toInboundRequest(
  request: UnverifiedRequest,
  origin: { readonly provider: string; readonly eventType: string },
): InboundRequest {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) {
    const key = name.toLowerCase();
    const earlier = headers.get(key);
    headers.set(key, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return {
    provider: origin.provider,
    eventType: origin.eventType,
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(headers),
    query: request.query,
    body: request.body,
  };
}
