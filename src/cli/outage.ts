// Waiting out a server that does not answer for a while.

import { AppError } from "../core/app-error.ts";

/** True where it may pass. */
export function isOutage(error: unknown): boolean {
  return error instanceof AppError && error.class.retryable;
}

/** Rejects with the signal's reason when that is aborted first. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    }
  });
}
