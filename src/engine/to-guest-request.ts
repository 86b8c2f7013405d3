// A stored request as its script sees it.

import type { InboundRequest } from "../core/inbound-request.ts";
import type { GuestRequest } from "../sandbox/sandbox.ts";

export function toGuestRequest(request: InboundRequest): GuestRequest {
  return { ...request, body: new TextDecoder().decode(request.body) };
}
