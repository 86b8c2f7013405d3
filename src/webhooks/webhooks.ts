// The door of webhooks/: who sent an inbound request, whether it may be believed, how to sign one; and what sends
// deliveries.

export { claimedOrigin } from "./inbound/claimed-origin.ts";
export { findProvider } from "./inbound/provider-table.ts";
export { type RequestToSign, signRequest, type SignedRequestParts } from "./inbound/sign-request.ts";
export { type CleanRequest, toInboundRequest } from "./inbound/to-inbound-request.ts";
export type { UnverifiedRequest } from "./inbound/unverified-request.ts";
export { openOutboundSender, type OutboundSender } from "./outbound/outbound-sender.ts";
export type { OutboundRequest, SendOutcome } from "./outbound/send-outcome.ts";
export { verifyInbound, type VerifyOptions } from "./inbound/verify-inbound.ts";
