// Any other sender: a plain HMAC of the body in a header, or in the address where the sender cannot set headers.

import type { InboundProvider } from "../provider.ts";

export const generic: InboundProvider = {
  name: "generic",
  detectedBy: [],
  eventType: { from: "nowhere" },
  signature: {
    places: [
      { in: "header", name: "x-webhook-signature" },
      { in: "query", name: "signature" },
    ],
    prefix: "sha256=",
    prefixRequired: false,
    encoding: "hex",
    signed: [{ part: "body" }],
  },
};
