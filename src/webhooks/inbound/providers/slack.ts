// Slack: https://docs.slack.dev/authentication/verifying-requests-from-slack

import type { InboundProvider } from "../provider.ts";
import { bodySignedIn, fiveMinutesMs, json } from "../schemes.ts";

export const slack: InboundProvider = {
  name: "slack",
  detectedBy: [{ header: "x-slack-signature" }],
  eventType: [json("type")],
  deliveryId: [json("event_id")],
  schemes: [
    {
      ...bodySignedIn("x-slack-signature", "v0="),
      signed: [{ part: "text", text: "v0:" }, { part: "timestamp" }, { part: "text", text: ":" }, { part: "body" }],
      timestamp: { in: "header", name: "x-slack-request-timestamp", toleranceMs: fiveMinutesMs },
    },
  ],
};
