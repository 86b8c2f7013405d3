// Endpoints and their deliveries as JSON, for the HTTP API and every --json: snake_case, times as RFC 3339 in UTC.

import type { DeliveryStatus } from "./delivery.ts";
import type { EventJson } from "./event-json.ts";

export interface EndpointJson {
  readonly id: string;
  readonly name: string | null;
  readonly source: "api" | "file";
  readonly url: string;
  readonly events: readonly string[];
  readonly pipelines: readonly string[];
  readonly when: string | null;
  readonly enabled: boolean;
  /** Values are masked, but for references to secrets. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signature_header: string;
  readonly retry: readonly string[];
  readonly rate_limit: number | null;
  readonly description: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly previous_secret_until: string | null;
  readonly state: {
    readonly failing_since: string | null;
    readonly disabled_at: string | null;
    readonly disabled_reason: string | null;
  };
}

export interface EndpointListJson {
  readonly webhooks: readonly EndpointJson[];
}

export interface ChangedEndpointJson extends EndpointJson {
  readonly warnings: readonly { readonly field: string; readonly message: string }[];
}

export interface EndpointWithSecretJson extends ChangedEndpointJson {
  readonly secret: string;
}

export interface DeliveryJson {
  readonly id: string;
  /** Of a target `tgt_NAME`. */
  readonly endpoint_id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly status: DeliveryStatus;
  readonly attempt_count: number;
  /** It was sent again by hand, or by `recover`. */
  readonly resent: boolean;
  readonly next_attempt_at: string | null;
  readonly created_at: string;
  readonly finished_at: string | null;
}

export interface DeliveryListJson {
  readonly deliveries: readonly DeliveryJson[];
  readonly next_cursor: string | null;
}

export interface AttemptJson {
  readonly number: number;
  readonly at: string;
  readonly duration_ms: number;
  readonly request_headers: Readonly<Record<string, string>>;
  readonly status: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** null where the bytes are no text. */
  readonly response: string | null;
  /** null where they are. */
  readonly response_base64: string | null;
  readonly response_truncated: boolean;
}

export interface WholeDeliveryJson extends DeliveryJson {
  readonly event: Omit<EventJson, "metadata">;
  readonly attempts: readonly AttemptJson[];
}

export interface RecoveryJson {
  readonly recovered: number;
}
