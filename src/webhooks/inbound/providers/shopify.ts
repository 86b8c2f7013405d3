// Shopify: https://shopify.dev/docs/apps/build/webhooks/subscribe/https

import type { InboundProvider } from "../provider.ts";
import { bodySignedIn, header, hexSha256 } from "../schemes.ts";

export const shopify: InboundProvider = {
  name: "shopify",
  detectedBy: [{ header: "x-shopify-topic" }, { header: "x-shopify-hmac-sha256" }],
  eventType: [header("x-shopify-topic")],
  // Not X-Shopify-Event-Id, which webhooks of several topics share.
  deliveryId: [header("x-shopify-webhook-id")],
  schemes: [{ ...bodySignedIn("x-shopify-hmac-sha256"), forms: [{ ...hexSha256, encoding: "base64" }] }],
};
