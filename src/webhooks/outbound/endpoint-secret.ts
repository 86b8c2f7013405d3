// The secret of an endpoint: made here where none is given, and what it is the key of.

import { strictBase64 } from "../inbound/signature-encoding.ts";

const mark = "whsec_";
const madeBytes = 32;
const keyLengths = { min: 24, max: 64 };

/** As Standard Webhooks writes them: `whsec_` and the base64 of 32 bytes. */
export function makeEndpointSecret(randomBytes: (count: number) => Uint8Array): string {
  return mark + randomBytes(madeBytes).toBase64();
}

/**
 * The key of Standard Webhooks in a secret: what follows `whsec_`, as strict base64 (RFC 4648 §4, padded, no loose bits)
 * of 24 to 64 bytes. Undefined where the secret is none of that form.
 */
export function standardKey(secret: string): Uint8Array | undefined {
  if (!secret.startsWith(mark)) return undefined;
  const key = strictBase64(secret.slice(mark.length));
  return key !== undefined && key.length >= keyLengths.min && key.length <= keyLengths.max ? key : undefined;
}
