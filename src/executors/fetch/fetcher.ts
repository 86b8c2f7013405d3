// HTTP requests that scripts make with `fetch`.

/** A request, everything resolved. */
export interface FetchRequest {
  /** Absolute, http or https. */
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface FetchResponse {
  /** The address that answered, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Fetcher {
  /** @throws {AppError} FETCH_FAILED, FETCH_TIMEOUT; VALUE_TOO_LARGE when the answer is over the cap. */
  fetch(request: FetchRequest): Promise<FetchResponse>;
}

export interface FetcherOptions {
  readonly fetch: typeof fetch;
}

export function createFetcher(_options: FetcherOptions): Fetcher {
  return {
    fetch: async () => {
      throw new Error("not built yet");
    },
  };
}
