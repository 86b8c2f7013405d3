// Sentry: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/

import type { InboundProvider } from "../provider.ts";
import { bodySignedIn, header } from "../schemes.ts";

export const sentry: InboundProvider = {
  name: "sentry",
  detectedBy: [{ header: "sentry-hook-resource" }, { header: "sentry-hook-signature" }],
  eventType: [header("sentry-hook-resource")],
  deliveryId: [header("request-id")],
  // Its Sentry-Hook-Timestamp is not signed, so it proves nothing.
  schemes: [bodySignedIn("sentry-hook-signature")],
};
