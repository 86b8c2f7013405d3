// What is sent to a receiver, and what became of it.

export interface OutboundRequest {
  readonly url: string;
  readonly method: string;
  /** Those of the connection (Host, Content-Length, …) are the sender's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** For the whole attempt: the name, the connection, the answer. */
  readonly timeoutMs: number;
  /** Whoever it is for: each has its share of the requests that are under way at once. Absent: its URL. */
  readonly receiver?: string;
}

export type SendError = "address_refused" | "dns" | "connect" | "tls" | "timeout" | "closed" | "protocol" | "cancelled";

/** An answer is what has a status line and headers in time: what becomes of its body does not matter to a delivery. */
export interface SendAnswer {
  readonly type: "answered";
  /** 200 to 999. Redirects are answers like others. */
  readonly status: number;
  /** Names in lower case; repeated ones joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** The first 16 KiB as received, not decompressed. */
  readonly body: Uint8Array;
  /** There was more, or it did not come. */
  readonly isCut: boolean;
  readonly durationMs: number;
}

export interface SendFailure {
  readonly type: "failed";
  readonly error: SendError;
  /** In words, without path and query of the URL. */
  readonly message: string;
  readonly durationMs: number;
}

export type SendOutcome = SendAnswer | SendFailure;
