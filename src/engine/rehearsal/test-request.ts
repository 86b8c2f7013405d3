// The webhook of a test, as it would be received.

import type { InboundRequest } from "../../core/inbound-request.ts";
import type { JsonValue } from "../../core/json.ts";
import type { PipelineConfig } from "../../core/pipeline-config.ts";
import { toInboundRequest, verifyInbound } from "../../webhooks/webhooks.ts";
import { inside, readBody, readFields, readHeaders, readText, readTextMap } from "./read-table.ts";

export interface TestRequest {
  readonly method: string;
  readonly url: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>> | null;
  readonly body: string;
  /** Null: as it would be found out. */
  readonly provider: string | null;
  readonly eventType: string | null;
}

/** @throws {AppError} VALIDATION_FAILED naming the place. */
export function readTestRequest(place: string, value: JsonValue): TestRequest {
  const fields = readFields(place, value, ["method", "url", "headers", "query", "body", "provider", "eventType"]);
  const { method, url, headers, query, body, provider, eventType } = fields;
  const optional = (field: string, text: JsonValue | undefined): string | null =>
    text === undefined ? null : readText(inside(place, field), text);
  return {
    method: optional("method", method) ?? "POST",
    url: optional("url", url),
    headers: readHeaders(inside(place, "headers"), headers),
    query: query === undefined ? null : Object.fromEntries(readTextMap(inside(place, "query"), query)),
    body: readBody(body).text,
    provider: optional("provider", provider),
    eventType: optional("eventType", eventType),
  };
}

/** What the test leaves open is as it would be found out of a received request. */
export function makeRequest(
  pipeline: string,
  { webhook }: Pick<PipelineConfig, "webhook">,
  request: TestRequest,
): InboundRequest {
  const { method, headers, body } = request;
  const url = request.url ?? `/api/webhooks/${pipeline}${searchOf(request.query)}`;
  const query = request.query ?? queryOf(url);
  const pinned = request.provider ?? (webhook === false ? undefined : webhook.provider);
  const received = { method, url, headers, query, body: new TextEncoder().encode(body) };
  const sender = verifyInbound(received, {
    ...(pinned === undefined ? {} : { provider: pinned }),
    secrets: [],
    nowMs: 0,
  });
  return toInboundRequest(received, { ...sender, eventType: request.eventType ?? sender.eventType }).request;
}

/** The first value of each parameter. */
function queryOf(url: string): Readonly<Record<string, string>> {
  const pairs = [...new URLSearchParams(url.split("?")[1] ?? "")];
  return Object.fromEntries(pairs.toReversed());
}

function searchOf(query: TestRequest["query"]): string {
  const search = new URLSearchParams(query ?? {}).toString();
  return search === "" ? "" : `?${search}`;
}
