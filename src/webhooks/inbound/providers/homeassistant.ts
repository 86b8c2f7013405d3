// Home Assistant: a rest_command signs nothing, so it sends a token:
// https://www.home-assistant.io/integrations/rest_command/

import type { InboundProvider } from "../provider.ts";
import { bearerToken, tokenIn } from "../schemes.ts";

export const homeassistant: InboundProvider = {
  name: "homeassistant",
  detectedBy: [{ header: "user-agent", prefix: "HomeAssistant/" }],
  eventType: [],
  deliveryId: [],
  schemes: [bearerToken, tokenIn({ in: "header", name: "x-webhook-token" }, { in: "query", name: "token" })],
};
