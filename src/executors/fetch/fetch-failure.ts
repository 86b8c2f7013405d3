// Why a request failed, in words. What the runtime says is not passed on: it repeats the address with its secrets.

import { AppError } from "../../core/app-error.ts";
import { failureHint, failureReason } from "../../core/network-failure.ts";

/** `what`: the request, without secrets. */
export function describeFailure(thrown: unknown, what: string): AppError {
  if (thrown instanceof AppError) {
    const { code, message, hint } = thrown;
    const text = message.startsWith("fetch: ") ? message : `fetch: ${what}: ${message}`;
    return new AppError(code, text, hint === undefined ? {} : { hint });
  }
  const hint = failureHint(thrown);
  return new AppError(
    "FETCH_FAILED",
    `fetch: ${what} failed: ${failureReason(thrown)}`,
    hint === undefined ? {} : { hint },
  );
}
