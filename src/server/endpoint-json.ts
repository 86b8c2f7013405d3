// Endpoints and deliveries as JSON: what is secret of them is masked.

import { durationText } from "../core/duration.ts";
import type {
  AttemptJson,
  ChangedEndpointJson,
  DeliveryJson,
  EndpointJson,
  EndpointWithSecretJson,
  WholeDeliveryJson,
} from "../core/endpoint-json.ts";
import type { Delivery, DeliveryAttempt } from "../core/delivery.ts";
import { timeToJson } from "../core/run-json.ts";
import type { ChangedEndpoint, EndpointView, EndpointWithSecret, WholeDelivery } from "../engine/engine.ts";
import { maskSecret } from "../secrets/secrets.ts";
import { asText } from "./as-text.ts";

export function endpointToJson({ endpoint, state, previousUntil }: EndpointView): EndpointJson {
  return {
    id: endpoint.id,
    name: endpoint.name,
    source: endpoint.source,
    url: endpoint.url,
    events: endpoint.events,
    pipelines: endpoint.pipelines,
    when: endpoint.when,
    enabled: endpoint.enabled,
    headers: Object.fromEntries(Object.entries(endpoint.headers).map(([name, value]) => [name, maskSecret(value)])),
    signature_header: endpoint.signatureHeader,
    retry: endpoint.retryDelaysMs.map(durationText),
    rate_limit: endpoint.ratePerMinute,
    description: endpoint.description,
    created_at: timeToJson(endpoint.createdAt),
    updated_at: timeToJson(endpoint.updatedAt),
    previous_secret_until: timeOrNull(previousUntil),
    state: {
      failing_since: timeOrNull(state.failingSince),
      disabled_at: timeOrNull(state.disabledAt),
      disabled_reason: state.disabledReason,
    },
  };
}

export function changedEndpointToJson({ warnings, ...view }: ChangedEndpoint): ChangedEndpointJson {
  return { ...endpointToJson(view), warnings };
}

export function endpointWithSecretToJson({ secret, ...changed }: EndpointWithSecret): EndpointWithSecretJson {
  return { ...changedEndpointToJson(changed), secret };
}

export function deliveryToJson(delivery: Delivery): DeliveryJson {
  return {
    id: delivery.id,
    endpoint_id: delivery.destination,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    status: delivery.status,
    attempt_count: delivery.attempts,
    resent: delivery.earlierAttempts > 0,
    next_attempt_at: timeOrNull(delivery.nextAttemptAt),
    created_at: timeToJson(delivery.createdAt),
    finished_at: timeOrNull(delivery.finishedAt),
  };
}

export function wholeDeliveryToJson({ delivery, event, attempts }: WholeDelivery): WholeDeliveryJson {
  const { id, type, createdAt, data } = event;
  return {
    ...deliveryToJson(delivery),
    event: { id, type, created_at: timeToJson(createdAt), data },
    attempts: attempts.map(attemptToJson),
  };
}

function attemptToJson(attempt: DeliveryAttempt): AttemptJson {
  const text = asText(attempt.response);
  return {
    number: attempt.number,
    at: timeToJson(attempt.at),
    duration_ms: attempt.durationMs,
    request_headers: attempt.requestHeaders,
    status: attempt.status,
    error: attempt.error,
    response: text,
    response_base64: text === null ? Buffer.from(attempt.response).toString("base64") : null,
    response_truncated: attempt.isResponseCut,
  };
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : timeToJson(ms);
}
