// Recorded requests, and what came of sending one once more, as JSON.

import type { RedeliveryJson, RequestJson, WholeRequestJson } from "../core/request-json.ts";
import { timeToJson } from "../core/run-json.ts";
import { type KeptRequest, type Redelivery, type RequestOutline, statusOfAnswer } from "../engine/engine.ts";
import { asText } from "./as-text.ts";

export function requestToJson(outline: RequestOutline): RequestJson {
  const { request, answer } = outline;
  return {
    id: outline.id,
    pipeline: outline.pipeline,
    received_at: timeToJson(outline.receivedAt),
    verdict: outline.verdict,
    verified: outline.verified,
    reason: outline.reason,
    run_id: outline.runId,
    redelivery_of: outline.redeliveryOf,
    delivery_id: outline.deliveryId,
    same_body_as: outline.sameBodyAs,
    provider: request.provider,
    event_type: request.eventType,
    method: request.method,
    url: request.url,
    address: outline.address,
    body_bytes: outline.bodyBytes,
    answer: answer && { status: answer.status, code: answer.code, duration_ms: answer.durationMs },
  };
}

export function wholeRequestToJson(kept: KeptRequest): WholeRequestJson {
  const { headers, query, body } = kept.request;
  const text = asText(body);
  return {
    ...requestToJson(kept),
    headers,
    query,
    body: text,
    body_base64: text === null ? Buffer.from(body).toString("base64") : null,
    body_truncated: kept.isCut,
  };
}

export function redeliveryToJson({ requestId, answer }: Redelivery): RedeliveryJson {
  return {
    request_id: requestId,
    run_id: answer.type === "skipped" ? null : answer.runId,
    skipped: answer.type === "skipped",
    reason: answer.type === "skipped" ? answer.reason : null,
    duplicate: answer.type === "duplicate",
    status: statusOfAnswer(answer),
    body: answer.type === "response" ? answer.body : null,
  };
}
