// Honeybadger, which sends its token in clear: https://docs.honeybadger.io/guides/integrations/webhook/

import type { InboundProvider } from "../provider.ts";
import { json, tokenIn } from "../schemes.ts";

export const honeybadger: InboundProvider = {
  name: "honeybadger",
  detectedBy: [{ header: "honeybadger-token" }],
  eventType: [json("event")],
  deliveryId: [],
  schemes: [tokenIn({ in: "header", name: "honeybadger-token" })],
};
