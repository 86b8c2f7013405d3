// Whether an inbound request is believed: the pinned provider, the signature over the raw bytes, the replay window.

import { findByHeaders, hasItsHeaders } from "./detect-provider.ts";
import { readEventType } from "./event-type.ts";
import type { InboundProvider, TimestampScheme } from "./provider.ts";
import { fallbackProvider, findProvider } from "./provider-table.ts";
import { findSignature, matchesAnySecret, parseSignature } from "./signature.ts";

/** A request as received. Header names in lower case, repeated ones joined by ", ". */
export interface UnverifiedRequest {
  readonly method: string;
  /** Path with query string. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** First value of each parameter. */
  readonly query: Readonly<Record<string, string>>;
  /** The exact bytes received. */
  readonly body: Uint8Array;
}

export interface VerifyOptions {
  /** Pinned provider; absent: detected by headers. */
  readonly provider?: string;
  /** Any of them may have signed the request; none: every request is accepted. */
  readonly secrets: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

export type RefusalReason =
  | "provider_unknown"
  | "provider_mismatch"
  | "signature_missing"
  | "signature_malformed"
  | "signature_mismatch"
  | "timestamp_missing"
  | "timestamp_malformed"
  | "timestamp_outside_tolerance";

export type InboundVerdict =
  | { readonly accepted: true; readonly provider: string; readonly eventType: string }
  | {
      readonly accepted: false;
      readonly provider: string;
      /** Only from a header: the body of a request that is refused is not parsed. */
      readonly eventType: string;
      readonly reason: RefusalReason;
    };

/**
 * The verdict on a request; never throws, whatever the request. Without a pinned provider a request that lacks a
 * provider's own header counts as generic and must then carry a generic signature made with the same secret.
 */
export function verifyInbound(request: UnverifiedRequest, options: VerifyOptions): InboundVerdict {
  const { headers, body } = request;
  const provider = options.provider === undefined ? findByHeaders(headers) : findProvider(options.provider);
  if (!provider) {
    return { accepted: false, provider: options.provider ?? "", eventType: "", reason: "provider_unknown" };
  }
  const reason = findRefusal(provider, request, options);
  const source = provider.eventType;
  if (reason === undefined) {
    return { accepted: true, provider: provider.name, eventType: readEventType(source, headers, body) };
  }
  const eventType = source.from === "header" ? readEventType(source, headers, body) : "";
  return { accepted: false, provider: provider.name, eventType, reason };
}

function findRefusal(
  provider: InboundProvider,
  request: UnverifiedRequest,
  options: VerifyOptions,
): RefusalReason | undefined {
  if (options.provider !== undefined && looksLikeAnother(provider, request.headers)) return "provider_mismatch";
  if (options.secrets.length === 0) return undefined;
  const text = findSignature(provider.signature, request);
  if (text === undefined) return "signature_missing";
  const digest = parseSignature(provider.signature, text);
  if (digest === undefined) return "signature_malformed";
  const timestamp = provider.timestamp ? (request.headers[provider.timestamp.header] ?? "") : "";
  const untimely = provider.timestamp ? checkTimestamp(provider.timestamp, timestamp, options.nowMs) : undefined;
  if (untimely !== undefined) return untimely;
  const matches = matchesAnySecret(provider.signature, digest, options.secrets, timestamp, request.body);
  return matches ? undefined : "signature_mismatch";
}

/** The fallback has no headers of its own, and senders such as Gitea add GitHub's: pinned to it, nothing is another's. */
function looksLikeAnother(pinned: InboundProvider, headers: Readonly<Record<string, string>>): boolean {
  if (pinned === fallbackProvider || hasItsHeaders(pinned, headers)) return false;
  return findByHeaders(headers) !== fallbackProvider;
}

function checkTimestamp(scheme: TimestampScheme, text: string, nowMs: number): RefusalReason | undefined {
  if (text === "") return "timestamp_missing";
  if (!/^[1-9]\d{0,11}$/.test(text)) return "timestamp_malformed";
  const distanceMs = Math.abs(nowMs - Number(text) * 1000);
  return distanceMs <= scheme.toleranceMs ? undefined : "timestamp_outside_tolerance";
}
