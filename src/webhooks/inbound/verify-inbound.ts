// Whether an inbound request is believed: the pinned provider, the signature over the raw bytes, the replay window.

import type { WebhookAlgorithm } from "../../core/webhook-provider.ts";
import { findByHeaders, hasItsHeaders } from "./find-by-headers.ts";
import { JsonBody } from "./json-body.ts";
import type { InboundProvider, SignatureScheme } from "./provider.ts";
import { fallbackProvider, findProvider } from "./provider-table.ts";
import { readValue } from "./read-value.ts";
import { Keys, matchesAny } from "./signature-key.ts";
import { findSignature, parseSignatures } from "./signature.ts";
import { buildMessage, withEitherPort } from "./signed-message.ts";
import { checkJsonTime, checkSeconds, findTimestamp, type TimestampReason } from "./timestamp.ts";
import type { UnverifiedRequest } from "./unverified-request.ts";

export interface VerifyOptions {
  /** Pinned provider; absent: detected by headers. */
  readonly provider?: string;
  /** Any of them may have signed the request; none: every request is accepted. */
  readonly secrets: readonly string[];
  /** Asked for by name; absent: whatever of SHA-256 and better the provider uses. */
  readonly algorithm?: WebhookAlgorithm;
  /** How far a signed time may be from now; absent: as the provider says. */
  readonly toleranceMs?: number;
  /** The address that others reach the server by, which some providers sign. */
  readonly publicUrl?: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

export type RefusalReason =
  | "provider_unknown"
  | "provider_mismatch"
  | "provider_not_pinned"
  | "algorithm_unknown"
  | "secret_unusable"
  | "signature_missing"
  | "signature_malformed"
  | "signature_mismatch"
  | "id_missing"
  | "public_url_missing"
  | TimestampReason;

export type InboundVerdict = {
  readonly provider: string;
  /** The provider's own name for what happened; of a refused request only from a header: its body is not parsed. */
  readonly eventType: string;
  /** Tells this delivery and its repetitions from all others; empty where the provider sends none. Read likewise. */
  readonly deliveryId: string;
} & ({ readonly accepted: true } | { readonly accepted: false; readonly reason: RefusalReason });

/**
 * The verdict on a request; never throws, whatever the request. Without a pinned provider a request that lacks a
 * provider's own header counts as generic and must then carry a generic signature made with the same secret.
 */
export function verifyInbound(request: UnverifiedRequest, options: VerifyOptions): InboundVerdict {
  const { headers } = request;
  const provider = options.provider === undefined ? findByHeaders(headers) : findProvider(options.provider);
  if (!provider) {
    const unknown = { provider: options.provider ?? "", eventType: "", deliveryId: "" };
    return { accepted: false, ...unknown, reason: "provider_unknown" };
  }
  const body = new JsonBody(request.body);
  const reason = findRefusal(provider, request, body, options);
  const readable = reason === undefined ? body : null;
  const { name } = provider;
  const eventType = readValue(provider.eventType, headers, readable);
  const deliveryId = readValue(provider.deliveryId, headers, readable);
  return reason === undefined
    ? { accepted: true, provider: name, eventType, deliveryId }
    : { accepted: false, provider: name, eventType, deliveryId, reason };
}

function findRefusal(
  provider: InboundProvider,
  request: UnverifiedRequest,
  body: JsonBody,
  options: VerifyOptions,
): RefusalReason | undefined {
  const isPinned = options.provider !== undefined;
  if (isPinned && looksLikeAnother(provider, request.headers)) return "provider_mismatch";
  if (options.secrets.length === 0) return undefined;
  if (provider.pinnedOnly === true && !isPinned) return "provider_not_pinned";
  const keys = new Keys(options.secrets);
  const scheme = chooseScheme(provider, request, body, keys, options);
  return scheme === undefined ? "algorithm_unknown" : checkScheme(scheme, request, body, keys, options);
}

/** Of providers without headers of their own anything may be another's too, as of those with a token a proxy adds. */
function looksLikeAnother(pinned: InboundProvider, headers: Readonly<Record<string, string>>): boolean {
  if (pinned.detectedBy.length === 0 || hasItsHeaders(pinned, headers)) return false;
  return findByHeaders(headers) !== fallbackProvider;
}

/** The first that the request uses and a secret is a key of; the last where there is none. */
function chooseScheme(
  { schemes }: InboundProvider,
  request: UnverifiedRequest,
  body: JsonBody,
  keys: Keys,
  { algorithm, toleranceMs }: VerifyOptions,
): SignatureScheme | undefined {
  const isTimed = (scheme: SignatureScheme): boolean =>
    scheme.askedFor === algorithm && scheme.timestamp !== undefined && hasKey(scheme, keys);
  // Who says how old a request may be wants to know its age: a signature without a time does not count beside one with it.
  const timedAlone = toleranceMs !== undefined && schemes.some(isTimed);
  let chosen: SignatureScheme | undefined;
  for (const scheme of schemes) {
    if (scheme.askedFor !== algorithm || (timedAlone && !isTimed(scheme))) continue;
    chosen = scheme;
    if (hasKey(scheme, keys) && isUsed(scheme, request, body)) break;
  }
  return chosen;
}

function isUsed(scheme: SignatureScheme, request: UnverifiedRequest, body: JsonBody): boolean {
  if (scheme.requires?.some((name) => !request.headers[name]) === true) return false;
  return findSignature(scheme, request, body) !== undefined;
}

function hasKey({ forms }: SignatureScheme, keys: Keys): boolean {
  return forms.some(({ key }) => keys.of(key).length > 0);
}

function checkScheme(
  scheme: SignatureScheme,
  request: UnverifiedRequest,
  body: JsonBody,
  keys: Keys,
  { toleranceMs, publicUrl = null, nowMs }: VerifyOptions,
): RefusalReason | undefined {
  const text = findSignature(scheme, request, body);
  if (text === undefined) return "signature_missing";
  const parsed = parseSignatures(scheme, text);
  if (parsed === undefined) return "signature_malformed";
  if (!hasKey(scheme, keys)) return "secret_unusable";
  const source = scheme.timestamp;
  const timestamp = findTimestamp(source, request, parsed);
  const tolerance = toleranceMs ?? source?.toleranceMs ?? 0;
  if (source !== undefined && source.in !== "json") {
    const untimely = checkSeconds(timestamp, tolerance, nowMs);
    if (untimely !== undefined) return untimely;
  }
  const built = buildMessage(scheme, { request, timestamp, publicUrl });
  if (!built.ok) return built.reason;
  let matches = false;
  // All are tried, whichever it was.
  for (const message of withEitherPort(scheme, built.message)) {
    matches = matchesAny(parsed.signatures, keys, message) || matches;
  }
  if (!matches) return "signature_mismatch";
  // Only now the body may be parsed: whoever signed it is known.
  return source?.in === "json" ? checkJsonTime(source.name, body, tolerance, nowMs) : undefined;
}
