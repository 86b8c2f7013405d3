// Gitea: https://docs.gitea.com/usage/webhooks

import type { InboundProvider } from "../provider.ts";
import { bodySignedIn, header } from "../schemes.ts";

export const gitea: InboundProvider = {
  name: "gitea",
  detectedBy: [{ header: "x-gitea-event" }],
  eventType: [header("x-gitea-event")],
  deliveryId: [header("x-gitea-delivery")],
  schemes: [bodySignedIn("x-gitea-signature")],
};
