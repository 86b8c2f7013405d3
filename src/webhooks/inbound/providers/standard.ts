// Standard Webhooks, symmetric (v1, secret `whsec_…`) and asymmetric (v1a, public key `whpk_…`):
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

import type { InboundProvider } from "../provider.ts";
import { header, json, standardHmac, standardScheme } from "../schemes.ts";

export const standard: InboundProvider = {
  name: "standard",
  detectedBy: [{ header: "webhook-signature" }],
  eventType: [json("type")],
  deliveryId: [header("webhook-id")],
  schemes: [
    standardScheme([
      standardHmac,
      { prefix: "v1a,", prefixRequired: true, algorithm: "ed25519", encoding: "base64", key: "whpk" },
    ]),
  ],
};
