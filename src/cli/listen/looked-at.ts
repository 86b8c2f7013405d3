// What a request looks like to the server: who sent it, and whether a secret verifies it.

import {
  toInboundRequest,
  type UnverifiedRequest,
  verifyInbound,
  type VerifyOptions,
} from "../../webhooks/webhooks.ts";

/** What `--json` prints. A secret that was sent in clear is masked. */
export interface LookedAt {
  readonly at: string;
  readonly method: string;
  readonly url: string;
  readonly provider: string;
  readonly event_type: string;
  readonly delivery_id: string;
  /** null: there is no secret to verify it with. */
  readonly verified: boolean | null;
  /** Why it is not. */
  readonly reason: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  /** null where the bytes are no text. */
  readonly body: string | null;
  readonly body_base64: string | null;
}

export function lookAt(received: UnverifiedRequest, options: VerifyOptions): LookedAt {
  const verdict = verifyInbound(received, options);
  // Event and delivery are shown of a request that is not verified too: nothing is done about them.
  const { provider = verdict.provider } = options;
  const read = verifyInbound(received, { provider, secrets: [], nowMs: options.nowMs });
  const { eventType, deliveryId } = read.accepted ? read : verdict;
  const { method, url, headers, body } = toInboundRequest(received, { provider: verdict.provider, eventType }).request;
  const text = asText(body);
  return {
    at: new Date(options.nowMs).toISOString(),
    method,
    url,
    provider: verdict.provider,
    event_type: eventType,
    delivery_id: deliveryId,
    verified: options.secrets.length === 0 ? null : verdict.accepted,
    reason: verdict.accepted ? null : verdict.reason,
    headers,
    bytes: received.body.length,
    body: text,
    body_base64: text === null ? Buffer.from(body).toString("base64") : null,
  };
}

function asText(body: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return null;
  }
}
