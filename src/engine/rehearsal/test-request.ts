// The webhook of a test, as the script sees it.

import type { PipelineConfig } from "../../core/pipeline-config.ts";
import type { GuestRequest } from "../../sandbox/sandbox.ts";
import { toInboundRequest, verifyInbound } from "../../webhooks/webhooks.ts";
import { toGuestRequest } from "../to-guest-request.ts";
import type { TestRequest } from "./test-case.ts";

/** What the test leaves open is as it would be found out of a received request. */
export function makeRequest(pipeline: string, { webhook }: PipelineConfig, request: TestRequest): GuestRequest {
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
  return toGuestRequest(toInboundRequest(received, { ...sender, eventType: request.eventType ?? sender.eventType }));
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
