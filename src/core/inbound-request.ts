// One received webhook, as it is stored and as scripts and expressions see it.

export interface InboundRequest {
  /** Kind of sender, detected or pinned: `github`, `slack`, …, `generic`. */
  readonly provider: string;
  /** The provider's own event name; empty where it has none. */
  readonly eventType: string;
  readonly method: string;
  /** Path with query string, as received; here, in `headers` and in `query` secrets in clear are masked. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** The exact bytes received, but for a secret that stood in them in clear. */
  readonly body: Uint8Array;
}

/** What a script answered with `http.respond`. */
export interface WebhookResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
