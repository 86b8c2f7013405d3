// One endpoint and one delivery that the examples tell of, made by the code that makes the answers.

import type { Delivery } from "../../core/delivery.ts";
import type { JsonValue } from "../../core/json.ts";
import type { EndpointWithSecret, WholeDelivery } from "../../engine/engine.ts";
import {
  changedEndpointToJson,
  deliveryToJson,
  endpointToJson,
  endpointWithSecretToJson,
  wholeDeliveryToJson,
} from "../endpoint-json.ts";

const createdAt = Date.UTC(2026, 1, 2, 14, 45, 30, 123);
export const endpointId = "ep_019c1f5f2e7b9d3a4c5e6f708192";
export const deliveryId = "dlv_019c1f5f315f70008c3e2f6f3f8d5a01";
const eventId = "evt_019c1f5f3140a1b2c3d4e5f60718";

export const endpointBody = {
  url: "https://hooks.example.org/runner",
  events: ["run.failed", "approval.*", "migration.*"],
  description: "the dashboard",
};

const made: EndpointWithSecret = {
  endpoint: {
    id: endpointId,
    name: null,
    source: "api",
    ...endpointBody,
    pipelines: [],
    when: null,
    enabled: true,
    headers: { Authorization: "Bearer abc" },
    signatureHeader: "X-Runner-Signature",
    retryDelaysMs: [60_000, 300_000, 1_800_000, 7_200_000, 28_800_000, 86_400_000],
    ratePerMinute: null,
    createdAt,
    updatedAt: createdAt,
  },
  state: {
    id: endpointId,
    afterSeq: 0,
    failingSince: null,
    failingToldAt: null,
    disabledAt: null,
    disabledReason: null,
  },
  previousUntil: null,
  warnings: [
    {
      field: "events",
      message: "migration.* matches no event that is known: only scripts could announce it, by events.emit",
    },
  ],
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
};

const delivery: Delivery = {
  id: deliveryId,
  destination: endpointId,
  eventSeq: 1,
  eventId,
  eventType: "run.failed",
  status: "delivered",
  attempts: 1,
  earlierAttempts: 0,
  nextAttemptAt: null,
  createdAt: createdAt + 740,
  finishedAt: createdAt + 790,
};

const whole: WholeDelivery = {
  delivery,
  event: {
    seq: 1,
    id: eventId,
    type: "run.failed",
    createdAt: createdAt + 730,
    runId: null,
    pipeline: null,
    sequence: null,
    target: endpointId,
    data: { pipeline: "deploy", status: "failed", sample: true },
  },
  attempts: [
    {
      number: 1,
      at: createdAt + 745,
      durationMs: 45,
      requestHeaders: { "X-Runner-Signature": "sha256=9f86d081884c7d65", Authorization: "********" },
      status: 200,
      error: null,
      response: Buffer.from("thank you\n"),
      isResponseCut: false,
    },
  ],
};

const { secret: _, ...changed } = made;

export const endpointExample = asJson(endpointToJson(made));
export const changedEndpointExample = asJson(changedEndpointToJson(changed));
export const endpointWithSecretExample = asJson(endpointWithSecretToJson(made));

/** @param destination the endpoint's id, or the target's. */
export function deliveryExample(destination: string): JsonValue {
  return asJson(deliveryToJson({ ...delivery, destination }));
}

/** @param destination the endpoint's id, or the target's. */
export function wholeDeliveryExample(destination: string): JsonValue {
  return asJson(wholeDeliveryToJson({ ...whole, delivery: { ...delivery, destination } }));
}

/** An interface's value has no index signature, though it is JSON. */
function asJson(value: unknown): JsonValue {
  return value as JsonValue;
}
