// Forgejo: https://forgejo.org/docs/latest/user/webhooks/

import type { InboundProvider } from "../provider.ts";
import { bodySignedIn, header } from "../schemes.ts";

export const forgejo: InboundProvider = {
  name: "forgejo",
  detectedBy: [{ header: "x-forgejo-event" }],
  eventType: [header("x-forgejo-event")],
  deliveryId: [header("x-forgejo-delivery")],
  schemes: [bodySignedIn("x-forgejo-signature")],
};
