// A request as received, before anything of it is believed.

export interface UnverifiedRequest {
  readonly method: string;
  /** Path with query string. */
  readonly url: string;
  /** Names in lower case, repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** First value of each parameter. */
  readonly query: Readonly<Record<string, string>>;
  /** The exact bytes received. */
  readonly body: Uint8Array;
}
