// Docker Hub, which signs nothing and sets no headers: a token in the address. https://docs.docker.com/docker-hub/webhooks/

import type { InboundProvider } from "../provider.ts";
import { bearerToken, tokenIn } from "../schemes.ts";

export const dockerhub: InboundProvider = {
  name: "dockerhub",
  detectedBy: [],
  eventType: [],
  deliveryId: [],
  // Headers too, for a proxy in front that adds one.
  schemes: [tokenIn({ in: "query", name: "token" }, { in: "header", name: "x-webhook-token" }), bearerToken],
};
