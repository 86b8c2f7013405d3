// Reading a signature out of a request, and computing what it should have been.

import { createHmac, timingSafeEqual } from "node:crypto";
import type { SignaturePlace, SignatureScheme } from "./provider.ts";

const digestBytes = 32;
const hexDigest = /^[0-9a-fA-F]{64}$/;

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The text of the signature where the scheme looks for it; undefined where there is none, or an empty one. */
export function findSignature(scheme: SignatureScheme, request: SignedRequest): string | undefined {
  const read = (place: SignaturePlace): string | undefined =>
    place.in === "header" ? request.headers[place.name] : request.query[place.name];
  return scheme.places.map(read).find((text) => text !== undefined && text !== "");
}

/** The digest of a signature; undefined where the text is not one of this scheme, so also where two were joined. */
export function parseSignature(scheme: SignatureScheme, text: string): Uint8Array | undefined {
  const hasPrefix = text.startsWith(scheme.prefix);
  if (scheme.prefixRequired && !hasPrefix) return undefined;
  const digest = hasPrefix ? text.slice(scheme.prefix.length) : text;
  return hexDigest.test(digest) ? Buffer.from(digest, "hex") : undefined;
}

/** True if one of the secrets made this digest. The time taken tells neither which one nor how much was right. */
export function matchesAnySecret(
  scheme: SignatureScheme,
  digest: Uint8Array,
  secrets: readonly string[],
  timestamp: string,
  body: Uint8Array,
): boolean {
  if (digest.length !== digestBytes) return false;
  let matches = false;
  for (const secret of secrets) {
    const expected = computeDigest(scheme, secret, timestamp, body);
    // Anyone can sign with an empty secret, so one that was configured by mistake must not let anything in.
    matches = (timingSafeEqual(expected, digest) && secret !== "") || matches;
  }
  return matches;
}

function computeDigest(scheme: SignatureScheme, secret: string, timestamp: string, body: Uint8Array): Uint8Array {
  const hmac = createHmac("sha256", secret);
  for (const part of scheme.signed) {
    if (part.part === "body") hmac.update(body);
    else hmac.update(part.part === "text" ? part.text : timestamp);
  }
  return hmac.digest();
}
