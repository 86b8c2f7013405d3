// The shapes of endpoints and deliveries as JSON Schema.

import { deliveryStatuses } from "../../core/delivery.ts";
import { objectOf, orNull, type Schema } from "./describe.ts";

const text: Schema = { type: "string" };
const textOrNull: Schema = { type: ["string", "null"] };
const texts: Schema = { type: "array", items: text };
const pairs: Schema = { type: "object", additionalProperties: text };
const count: Schema = { type: "integer", minimum: 0 };
const time: Schema = { type: "string", format: "date-time" };
const timeOrNull: Schema = { type: ["string", "null"], format: "date-time" };

/** What its maker says; null is the default. */
export const endpointFields = {
  url: { ...text, description: "Where deliveries are sent: http or https, without a user or a password in it." },
  events: { ...texts, description: "Types of events: exactly, `prefix.*` at any depth, or `*`." },
  pipelines: { ...texts, description: "Only events of these pipelines; none: of all, and of no pipeline too." },
  when: {
    ...textOrNull,
    description: 'A condition over id, type, created_at, data and metadata, as `data.status == "timed_out"`.',
  },
  enabled: {
    type: "boolean",
    description:
      "Set to false it is sent nothing, and nothing is kept for it; false too where the server has disabled it.",
  },
  headers: {
    ...pairs,
    description: "Sent with each delivery; `env:NAME`, `file:/path` and `secret:NAME` are looked up.",
  },
  signature_header: {
    ...text,
    description: "The header with `sha256=` and the HMAC of the body by the whole secret, in hex.",
  },
  retry: {
    ...texts,
    maxItems: 30,
    description:
      "Waits before the attempts 2, 3, …, each from the end of the one before; 1m 5m 30m 2h 8h 24h unless given, [] for one attempt.",
  },
  rate_limit: {
    type: ["integer", "null"],
    minimum: 1,
    maximum: 60_000,
    description: "Deliveries that may begin in a minute; null: any number.",
  },
  description: text,
} as const satisfies Readonly<Record<string, Schema>>;

const endpoint = {
  id: text,
  name: { ...textOrNull, description: "Of one of runner.toml." },
  source: { enum: ["api", "file"], description: "file: declared in runner.toml, and changed only there." },
  ...endpointFields,
  headers: { ...pairs, description: "Values are masked; one that is sent back so stays as it is." },
  created_at: time,
  updated_at: time,
  previous_secret_until: { ...timeOrNull, description: "Until then the secret before the present one counts too." },
  state: objectOf({
    failing_since: { ...timeOrNull, description: "Since then every attempt has failed." },
    disabled_at: { ...timeOrNull, description: "The server sends nothing to it any more, until it is enabled again." },
    disabled_reason: textOrNull,
  }),
} as const;

const warnings: Schema = { type: "array", items: objectOf({ field: text, message: text }) };
const secret: Schema = { ...text, description: "No other answer has it." };

const delivery = {
  id: text,
  endpoint_id: { ...text, description: "Where it is sent: an endpoint, or `tgt_NAME`, the target NAME." },
  event_id: {
    ...text,
    description: "The same in every attempt, and `webhook-id` there: receivers tell repetitions by it.",
  },
  event_type: text,
  status: { enum: deliveryStatuses },
  attempt_count: count,
  resent: { type: "boolean", description: "Its attempts were begun anew by hand, or by recover." },
  next_attempt_at: timeOrNull,
  created_at: time,
  finished_at: timeOrNull,
} as const;

const attempt = objectOf({
  number: { type: "integer", minimum: 1 },
  at: time,
  duration_ms: { type: "number", minimum: 0 },
  request_headers: { ...pairs, description: "Secrets in them are masked." },
  status: { type: ["integer", "null"], description: "null: there was no answer." },
  error: { ...orNull(objectOf({ code: text, message: text })), description: "Why there was none." },
  response: { ...textOrNull, description: "The first 16 KiB of the answer; null where its bytes are no text." },
  response_base64: { ...textOrNull, description: "null where they are." },
  response_truncated: { type: "boolean" },
});

export const endpointSchemas: Readonly<Record<string, Schema>> = {
  Endpoint: objectOf(endpoint, "Somebody's address, and which events it is sent."),
  ChangedEndpoint: objectOf({ ...endpoint, warnings }, "An endpoint, with what its maker should know."),
  EndpointWithSecret: objectOf({ ...endpoint, warnings, secret }, "An endpoint and its secret."),
  Delivery: objectOf(delivery, "One event for one endpoint or target."),
  WholeDelivery: objectOf(
    {
      ...delivery,
      event: objectOf({ id: text, type: text, created_at: time, data: { type: "object" } }),
      attempts: { type: "array", items: attempt },
    },
    "A delivery with its event and every attempt to send it.",
  ),
};
