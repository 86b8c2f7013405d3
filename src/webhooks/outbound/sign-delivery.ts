// Signs a delivery twice over the exact bytes that are sent: `sha256=…` by the whole secret, and as Standard Webhooks says.

import { computeHmac } from "../inbound/signature-key.ts";
import { standardKey } from "./endpoint-secret.ts";

export interface DeliveryToSign {
  /** The newest first; more than one while a secret is exchanged for another. */
  readonly secrets: readonly string[];
  readonly signatureHeader: string;
  /** The same in every attempt: receivers tell by it what they have had. */
  readonly id: string;
  readonly timestampSeconds: number;
  readonly body: Uint8Array;
  /** From 1. */
  readonly attempt: number;
}

const encoder = new TextEncoder();

/** The header with the signatures of the secrets whose turn it is not. */
export function otherSignatureHeader(signatureHeader: string): string {
  return `${signatureHeader}-Other`;
}

/**
 * The headers to send beside those of the body. A receiver that compares the whole signature header knows one secret,
 * and whether it is the old or the new one nobody here can tell: while both count they take turns, the old one first,
 * so that one of two attempts suits it; the other signature stands in a header of its own for those who look there.
 * Standard Webhooks has room for all signatures in one header; it is absent where no secret is a key for it.
 */
export function signDelivery(delivery: DeliveryToSign): Readonly<Record<string, string>> {
  const { secrets, signatureHeader, attempt } = delivery;
  const oldestFirst = secrets.toReversed();
  const turn = (attempt - 1) % Math.max(1, oldestFirst.length);
  const signatures = oldestFirst.map((secret) => `sha256=${hmac(encoder.encode(secret), [delivery.body]).toHex()}`);
  const others = signatures.filter((_, index) => index !== turn);
  return {
    [signatureHeader]: signatures[turn] ?? "",
    ...(others.length === 0 ? {} : { [otherSignatureHeader(signatureHeader)]: others.join(", ") }),
    ...standardHeaders(delivery),
  };
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#webhook-headers-sending-metadata-to-consumers */
function standardHeaders({ secrets, id, timestampSeconds, body }: DeliveryToSign): Record<string, string> {
  const keys = secrets.map(standardKey).filter((key) => key !== undefined);
  if (keys.length === 0) return {};
  const timestamp = String(timestampSeconds);
  const signatures = keys.map((key) => `v1,${hmac(key, [`${id}.${timestamp}.`, body]).toBase64()}`);
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}

function hmac(key: Uint8Array, message: readonly (string | Uint8Array)[]): Uint8Array {
  return computeHmac("hmac-sha256", key, message);
}
