// Stripe: https://docs.stripe.com/webhooks/signature

import type { InboundProvider } from "../provider.ts";
import { bodySignedIn, fiveMinutesMs, json } from "../schemes.ts";

export const stripe: InboundProvider = {
  name: "stripe",
  detectedBy: [{ header: "stripe-signature" }],
  eventType: [json("type")],
  deliveryId: [json("id")],
  schemes: [
    {
      ...bodySignedIn("stripe-signature", "v1="),
      // There is one for each secret while they are rolled, and v0 of test events, which count for nothing.
      separator: ",",
      signed: [{ part: "timestamp" }, { part: "text", text: "." }, { part: "body" }],
      timestamp: { in: "signature", name: "t", toleranceMs: fiveMinutesMs },
    },
  ],
};
