// Slack: https://docs.slack.dev/authentication/verifying-requests-from-slack

import type { InboundProvider } from "../provider.ts";

export const slack: InboundProvider = {
  name: "slack",
  detectedBy: ["x-slack-signature"],
  eventType: { from: "json_field", field: "type" },
  signature: {
    places: [{ in: "header", name: "x-slack-signature" }],
    prefix: "v0=",
    prefixRequired: true,
    encoding: "hex",
    signed: [{ part: "text", text: "v0:" }, { part: "timestamp" }, { part: "text", text: ":" }, { part: "body" }],
  },
  timestamp: { header: "x-slack-request-timestamp", toleranceMs: 300_000 },
};
