// GitHub: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries

import type { InboundProvider } from "../provider.ts";
import { bodySignedIn, header, hexSha256 } from "../schemes.ts";

export const github: InboundProvider = {
  name: "github",
  detectedBy: [{ header: "x-github-event" }],
  eventType: [header("x-github-event")],
  deliveryId: [header("x-github-delivery")],
  schemes: [
    bodySignedIn("x-hub-signature-256", "sha256="),
    {
      ...bodySignedIn("x-hub-signature"),
      forms: [{ ...hexSha256, algorithm: "hmac-sha1", prefix: "sha1=", prefixRequired: true }],
      askedFor: "sha1",
    },
  ],
};
