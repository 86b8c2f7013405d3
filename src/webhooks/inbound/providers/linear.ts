// Linear: https://linear.app/developers/webhooks#securing-webhooks

import type { InboundProvider } from "../provider.ts";
import { bodySignedIn, header, json } from "../schemes.ts";

export const linear: InboundProvider = {
  name: "linear",
  detectedBy: [{ header: "linear-signature" }, { header: "linear-event" }],
  eventType: [header("linear-event"), json("type")],
  deliveryId: [header("linear-delivery")],
  schemes: [
    {
      ...bodySignedIn("linear-signature"),
      timestamp: { in: "json", name: "webhookTimestamp", toleranceMs: 60_000 },
    },
  ],
};
