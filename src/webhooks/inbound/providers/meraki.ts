// Cisco Meraki, which sends its shared secret in the body: https://developer.cisco.com/meraki/webhooks/introduction/

import type { InboundProvider } from "../provider.ts";
import { json, tokenIn } from "../schemes.ts";

export const meraki: InboundProvider = {
  name: "meraki",
  detectedBy: [],
  eventType: [json("alertTypeId"), json("alertType")],
  deliveryId: [json("alertId")],
  schemes: [tokenIn({ in: "json", name: "sharedSecret" })],
};
