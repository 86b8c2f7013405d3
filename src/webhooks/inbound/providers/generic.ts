// Any other sender: a plain HMAC of the body in a header, or in the address where the sender cannot set headers.

import type { InboundProvider, SignatureScheme } from "../provider.ts";
import { header, hexSha256 } from "../schemes.ts";

const signed: SignatureScheme = {
  places: [
    { in: "header", name: "x-webhook-signature" },
    { in: "query", name: "signature" },
  ],
  forms: [{ ...hexSha256, prefix: "sha256=" }],
  signed: [{ part: "body" }],
};

export const generic: InboundProvider = {
  name: "generic",
  detectedBy: [],
  eventType: [],
  deliveryId: [header("x-delivery-id"), header("idempotency-key"), header("webhook-id")],
  schemes: [
    signed,
    { ...signed, forms: [{ ...hexSha256, algorithm: "hmac-sha1", prefix: "sha1=" }], askedFor: "sha1" },
  ],
};
