// From what was received and what was found out about it to the request that is stored.

import type { InboundRequest } from "../../core/inbound-request.ts";
import { maskSentTokens } from "./mask-sent-tokens.ts";
import type { UnverifiedRequest } from "./unverified-request.ts";

/** A request as it is kept. */
export interface CleanRequest {
  readonly request: InboundRequest;
  /** Its body ends before a secret whose end was not to be told. */
  readonly isCut: boolean;
}

/**
 * The request with its provider and without secrets that stood in it in clear. Header names become lower case; those
 * that differ only in case are joined.
 * @param isBelieved false: nobody has vouched for the provider.
 */
export function toInboundRequest(
  request: UnverifiedRequest,
  origin: { readonly provider: string; readonly eventType: string },
  isBelieved = true,
): CleanRequest {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) {
    const key = name.toLowerCase();
    const earlier = headers.get(key);
    headers.set(key, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  const { request: masked, isCut } = maskSentTokens(
    { ...request, headers: Object.fromEntries(headers) },
    isBelieved ? origin.provider : null,
  );
  const { method, url, query, body } = masked;
  const { provider, eventType } = origin;
  return { request: { provider, eventType, method, url, headers: masked.headers, query, body }, isCut };
}
