// Bitbucket Cloud and Data Center: https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/

import type { InboundProvider } from "../provider.ts";
import { bodySignedIn, header } from "../schemes.ts";

export const bitbucket: InboundProvider = {
  name: "bitbucket",
  detectedBy: [{ header: "x-event-key" }],
  eventType: [header("x-event-key")],
  deliveryId: [header("x-request-uuid"), header("x-request-id")],
  schemes: [bodySignedIn("x-hub-signature", "sha256=")],
};
