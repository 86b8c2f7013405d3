// A recorded request as JSON, for the HTTP API and every --json: snake_case, times as RFC 3339 in UTC.

export interface RequestAnswerJson {
  readonly status: number;
  readonly code: string | null;
  readonly duration_ms: number;
}

/** As it is listed. */
export interface RequestJson {
  readonly id: string;
  readonly pipeline: string;
  readonly received_at: string;
  readonly verdict: "accepted" | "refused";
  readonly verified: boolean;
  readonly reason: string | null;
  readonly run_id: string | null;
  readonly redelivery_of: string | null;
  readonly delivery_id: string | null;
  readonly same_body_as: string | null;
  readonly provider: string;
  readonly event_type: string;
  readonly method: string;
  readonly url: string;
  readonly address: string | null;
  readonly body_bytes: number;
  readonly answer: RequestAnswerJson | null;
}

export interface WholeRequestJson extends RequestJson {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** null where the bytes are no text. */
  readonly body: string | null;
  /** null where they are. */
  readonly body_base64: string | null;
  readonly body_truncated: boolean;
}

export interface RequestListJson {
  readonly requests: readonly RequestJson[];
  readonly next_cursor: string | null;
}

/** What a request that was sent once more came to. */
export interface RedeliveryJson {
  /** The new record. */
  readonly request_id: string;
  readonly run_id: string | null;
  /** The pipeline's condition does not hold, or has no value. */
  readonly skipped: boolean;
  /** Which of them, as it is on record: `condition_false`, `condition_invalid`. */
  readonly reason: string | null;
  /** It had come before, and that is the run which it began then. */
  readonly duplicate: boolean;
  readonly status: number;
  /** What the script answered; null where it did not. */
  readonly body: string | null;
}
