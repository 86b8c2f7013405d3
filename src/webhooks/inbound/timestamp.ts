// Whether a request was signed lately: a captured one is of no use to anybody after a few minutes.

import type { JsonBody } from "./json-body.ts";
import type { TimestampSource } from "./provider.ts";
import type { ParsedSignatures, SignedRequest } from "./signature.ts";

export type TimestampReason = "timestamp_missing" | "timestamp_malformed" | "timestamp_outside_tolerance";

/** The time as it stands in a header or beside the signature; empty where there is none, or it is in the body. */
export function findTimestamp(
  source: TimestampSource | undefined,
  request: SignedRequest,
  parsed: ParsedSignatures,
): string {
  if (source?.in === "header") return request.headers[source.name] ?? "";
  return source?.in === "signature" ? parsed.timestamp : "";
}

/** Seconds since the Unix epoch in decimal digits and nothing else. Undefined: near enough to now. */
export function checkSeconds(text: string, toleranceMs: number, nowMs: number): TimestampReason | undefined {
  if (text === "") return "timestamp_missing";
  if (!/^[1-9]\d{0,11}$/.test(text)) return "timestamp_malformed";
  return isNear(Number(text) * 1000, toleranceMs, nowMs);
}

/** Milliseconds since the Unix epoch as a whole number in a body that was signed. Undefined: near enough to now. */
export function checkJsonTime(
  name: string,
  body: JsonBody,
  toleranceMs: number,
  nowMs: number,
): TimestampReason | undefined {
  const value = body.read([name]);
  if (value === undefined) return "timestamp_missing";
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value <= 0) return "timestamp_malformed";
  return isNear(value, toleranceMs, nowMs);
}

function isNear(signedMs: number, toleranceMs: number, nowMs: number): TimestampReason | undefined {
  return Math.abs(nowMs - signedMs) <= toleranceMs ? undefined : "timestamp_outside_tolerance";
}
