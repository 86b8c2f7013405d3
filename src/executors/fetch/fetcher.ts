// HTTP requests that scripts make with `fetch`: one request with its redirects, within its time and its size.

import { AppError } from "../../core/app-error.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import { exchange } from "./exchange.ts";
import { describeFailure } from "./fetch-failure.ts";
import type { FetchRequest, FetchResponse } from "./fetch-request.ts";
import { showAddress } from "./show-address.ts";

export interface Fetcher {
  /**
   * Rejects at once when the signal is aborted.
   * @throws {AppError} FETCH_FAILED, FETCH_TIMEOUT, RUN_CANCELLED; VALUE_TOO_LARGE when the answer is over the cap.
   */
  fetch(request: FetchRequest): Promise<FetchResponse>;
}

export interface FetcherOptions {
  readonly fetch: typeof fetch;
  readonly clock?: Clock;
  /** Of a decompressed answer. */
  readonly maxBytes?: number;
}

const defaultMaxBytes = 10 * 1024 * 1024;

export function createFetcher({ fetch, clock = systemClock, maxBytes = defaultMaxBytes }: FetcherOptions): Fetcher {
  return {
    async fetch(request) {
      const { timeoutMs, signal } = request;
      const what = `${request.method} ${showAddress(request)}`;
      const over = new AbortController();
      const { promise: stopped, reject } = Promise.withResolvers<never>();
      // Whatever the connection is doing: nobody waits for it.
      const stop = (error: AppError): void => {
        reject(error);
        over.abort();
      };
      const onAbort = (): void => stop(new AppError("RUN_CANCELLED", `fetch: ${what}: the run has ended`));
      const cancelTimer = clock.after(timeoutMs, () => stop(tooSlow(what, timeoutMs)));
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      try {
        return await Promise.race([stopped, exchange(request, { fetch, maxBytes, signal: over.signal })]);
      } catch (thrown) {
        throw describeFailure(thrown, what);
      } finally {
        cancelTimer();
        signal.removeEventListener("abort", onAbort);
        over.abort();
      }
    },
  };
}

function tooSlow(what: string, timeoutMs: number): AppError {
  return new AppError("FETCH_TIMEOUT", `fetch: ${what}: no complete answer within ${formatDuration(timeoutMs)}`, {
    hint: 'allow more with the option timeout, as in { timeout: "2m" }; at most 10m',
  });
}
