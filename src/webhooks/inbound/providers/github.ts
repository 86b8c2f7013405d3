// GitHub: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries

import type { InboundProvider } from "../provider.ts";

export const github: InboundProvider = {
  name: "github",
  detectedBy: ["x-github-event"],
  eventType: { from: "header", header: "x-github-event" },
  signature: {
    places: [{ in: "header", name: "x-hub-signature-256" }],
    prefix: "sha256=",
    prefixRequired: true,
    encoding: "hex",
    signed: [{ part: "body" }],
  },
};
