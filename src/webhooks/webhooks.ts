// The door of webhooks/: who sent an inbound request, whether it may be believed, how to sign one; endpoints and their deliveries.

export { claimedOrigin } from "./inbound/claimed-origin.ts";
export { findProvider } from "./inbound/provider-table.ts";
export { type RequestToSign, signRequest, type SignedRequestParts } from "./inbound/sign-request.ts";
export { type CleanRequest, toInboundRequest } from "./inbound/to-inbound-request.ts";
export type { UnverifiedRequest } from "./inbound/unverified-request.ts";
export { openOutboundSender, type OutboundSender } from "./outbound/outbound-sender.ts";
export type { OutboundRequest, SendOutcome } from "./outbound/send-outcome.ts";
export { verifyInbound, type VerifyOptions } from "./inbound/verify-inbound.ts";
export { delayBefore, longestDelayBefore } from "./outbound/delivery-schedule.ts";
export { type Endpoint, endpointDefaults, type EndpointFields } from "./outbound/endpoint.ts";
export { maskedHeaderValue } from "./outbound/endpoint-headers.ts";
export { makeEndpointSecret, standardKey } from "./outbound/endpoint-secret.ts";
export { remember } from "./outbound/remember.ts";
export { findUnmatched, isEventPattern, matchesEvent } from "./outbound/event-pattern.ts";
export {
  type DeclaredEndpoint,
  type GivenEndpoint,
  parseDeclaredEndpoint,
  parseEndpoint,
  parseEndpointPatch,
  type ReadEndpoint,
} from "./outbound/parse-endpoint.ts";
export { sampleData } from "./outbound/sample-event.ts";
export { type DeliveryToSign, signDelivery } from "./outbound/sign-delivery.ts";
export type { OutgoingNotification } from "./outbound/targets/outgoing-notification.ts";
export { notificationOf } from "./outbound/targets/notification-of.ts";
export { parseTargets } from "./outbound/targets/parse-targets.ts";
export { literalSecrets, prepareTarget, type ResolveSecret } from "./outbound/targets/prepare-target.ts";
export { sendMail } from "./outbound/targets/send-mail.ts";
export type { Target } from "./outbound/targets/target.ts";
export { targetTypes } from "./outbound/targets/target-table.ts";
export type { PreparedRequest } from "./outbound/targets/target-type.ts";
