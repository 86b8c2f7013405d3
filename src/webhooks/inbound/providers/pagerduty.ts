// PagerDuty, webhooks v3: https://developer.pagerduty.com/docs/verifying-webhook-signatures

import type { InboundProvider } from "../provider.ts";
import { bodySignedIn, json } from "../schemes.ts";

export const pagerduty: InboundProvider = {
  name: "pagerduty",
  detectedBy: [{ header: "x-pagerduty-signature" }],
  eventType: [json("event", "event_type")],
  deliveryId: [json("event", "id")],
  schemes: [{ ...bodySignedIn("x-pagerduty-signature", "v1="), separator: "," }],
};
