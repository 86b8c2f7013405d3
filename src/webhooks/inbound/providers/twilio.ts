// Twilio, which signs its address and form with SHA-1: https://www.twilio.com/docs/usage/security#validating-requests

import type { InboundProvider } from "../provider.ts";
import { header } from "../schemes.ts";

export const twilio: InboundProvider = {
  name: "twilio",
  detectedBy: [{ header: "x-twilio-signature" }],
  eventType: [],
  deliveryId: [header("i-twilio-idempotency-token")],
  schemes: [
    {
      places: [{ in: "header", name: "x-twilio-signature" }],
      forms: [{ prefix: "", prefixRequired: false, algorithm: "hmac-sha1", encoding: "base64", key: "text" }],
      signed: [{ part: "address" }, { part: "form", digestParameter: "bodySHA256" }],
    },
  ],
  pinnedOnly: true,
};
