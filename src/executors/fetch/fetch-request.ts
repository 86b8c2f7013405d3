// What is asked for by a fetch, and what comes back.

/** A request, everything resolved. */
export interface FetchRequest {
  /** Absolute, http or https; a user and password in it become an Authorization header. */
  readonly url: string;
  /** The address holds a secret: it is never shown. */
  readonly urlIsSecret?: boolean;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the headers, those that no other server may see, beside the ones that never go to another. */
  readonly secretHeaders?: readonly string[];
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** What becomes of a redirect: followed, given back, or a failure. */
  readonly redirect: "follow" | "manual" | "error";
  /** For the whole of it, redirects and body included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface FetchResponse {
  /** The address that answered, after redirects, without user and password; only its origin where it is secret. */
  readonly url: string;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed. */
  readonly body: Uint8Array;
}
