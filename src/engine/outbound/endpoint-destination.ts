// An endpoint as a destination: the envelope of the event, signed, to its address.

import type { Clock } from "../../core/clock.ts";
import { eventToJson } from "../../core/event-json.ts";
import type { EventRecord } from "../../core/event.ts";
import type { Redactor } from "../../telemetry/telemetry.ts";
import { type Endpoint, maskedHeaderValue, type OutboundSender, signDelivery } from "../../webhooks/webhooks.ts";
import type { Destination, MadeAttempt } from "./destination.ts";
import type { EndpointSource } from "./endpoint-registry-contract.ts";

export interface EndpointDestinationParts {
  readonly sender: Pick<OutboundSender, "send">;
  readonly clock: Pick<Clock, "now">;
  readonly redactor: Pick<Redactor, "text" | "bytes">;
  readonly credentialsOf: EndpointSource["credentialsOf"];
  /** What is configured to be told with each event. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly userAgent: string;
}

/** An answer that takes longer is none. */
const timeoutMs = 30_000;
const encoder = new TextEncoder();

export function createEndpointDestination(endpoint: Endpoint, parts: EndpointDestinationParts): Destination {
  const { id, retryDelaysMs, ratePerMinute } = endpoint;
  return {
    id,
    retryDelaysMs,
    ratePerMinute,
    attempt: async (event, { attempt }, signal) => await send(endpoint, parts, event, attempt, signal),
  };
}

async function send(
  { id, url, signatureHeader }: Endpoint,
  { sender, clock, redactor, credentialsOf, metadata, userAgent }: EndpointDestinationParts,
  event: EventRecord,
  attempt: number,
  signal: AbortSignal,
): Promise<MadeAttempt> {
  const own = { "content-type": "application/json", "user-agent": userAgent };
  const credentials = await credentialsOf(id);
  if (!credentials.ok) {
    const message = redactor.text(credentials.message);
    return { headers: own, outcome: { type: "failed", error: "secret", message, durationMs: 0 } };
  }
  const body = encoder.encode(JSON.stringify(eventToJson(event, metadata)));
  const signatures = signDelivery({
    secrets: credentials.secrets,
    signatureHeader,
    id: event.id,
    timestampSeconds: Math.floor(clock.now() / 1000),
    body,
    attempt,
  });
  // What somebody has set for it wins over the name of the program; names count whatever their case.
  const taken = new Set(Object.keys(credentials.headers).map((name) => name.toLowerCase()));
  const defaults = Object.fromEntries(Object.entries(own).filter(([name]) => !taken.has(name)));
  const headers = { ...defaults, ...credentials.headers, ...signatures };
  const outcome = await sender.send({ url, method: "POST", headers, body, timeoutMs, receiver: id }, signal);
  const masked = Object.fromEntries(Object.keys(credentials.headers).map((name) => [name, maskedHeaderValue]));
  const recorded = { ...defaults, ...masked, ...signatures };
  // Receivers may send back what they were sent.
  if (outcome.type === "answered")
    return { headers: recorded, outcome: { ...outcome, body: redactor.bytes(outcome.body) } };
  return { headers: recorded, outcome: { ...outcome, message: redactor.text(outcome.message) } };
}
