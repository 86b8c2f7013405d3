// Gogs: https://gogs.io/docs/features/webhook

import type { InboundProvider } from "../provider.ts";
import { bodySignedIn, header } from "../schemes.ts";

export const gogs: InboundProvider = {
  name: "gogs",
  detectedBy: [{ header: "x-gogs-event" }],
  eventType: [header("x-gogs-event")],
  deliveryId: [header("x-gogs-delivery")],
  schemes: [bodySignedIn("x-gogs-signature")],
};
