// The door of webhooks/: who sent an inbound request, and whether it may be believed.

export { detectProvider } from "./inbound/detect-provider.ts";
export { providerNames } from "./inbound/provider-table.ts";
export { toInboundRequest } from "./inbound/to-inbound-request.ts";
export { verifyInbound, type InboundVerdict, type UnverifiedRequest } from "./inbound/verify-inbound.ts";
