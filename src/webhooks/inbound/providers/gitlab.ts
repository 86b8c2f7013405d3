// GitLab, by its signing token (as Standard Webhooks) or its older secret token, which it sends in clear:
// https://docs.gitlab.com/user/project/integrations/webhooks/

import type { InboundProvider } from "../provider.ts";
import { header, standardHmac, standardScheme, tokenIn } from "../schemes.ts";

export const gitlab: InboundProvider = {
  name: "gitlab",
  detectedBy: [{ header: "x-gitlab-event" }, { header: "x-gitlab-token" }],
  eventType: [header("x-gitlab-event")],
  // Not X-Gitlab-Event-UUID: hooks that set off each other share it.
  deliveryId: [header("idempotency-key"), header("webhook-id")],
  schemes: [standardScheme([{ ...standardHmac, key: "whsec" }]), tokenIn({ in: "header", name: "x-gitlab-token" })],
};
