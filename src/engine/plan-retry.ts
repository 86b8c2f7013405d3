// Whether a step or a fetch that failed is tried again, when, and how the log tells it.

import { formatDuration } from "../core/duration.ts";
import type { JsonValue } from "../core/json.ts";
import { isWorthRetry, parseRetry, retryDelayMs, type RetryPolicy } from "../core/retry.ts";
import { spread } from "./spread.ts";

export interface FailedTry {
  /** What `on` of a policy may name: an exit code, an HTTP status, an error's code. None: it is not tried again. */
  readonly codes: readonly (number | string)[];
  /** False where it is tried again only if the policy names one of the codes. */
  readonly mayPass: boolean;
  /** Why, for people. */
  readonly reason: string;
  /** How long it was asked to wait by whom it tried to reach. */
  readonly askedMs?: number | undefined;
}

export interface PlannedTry {
  readonly delayMs: number;
  readonly note: string;
}

/** Null: what fails is not tried again. @throws {AppError} VALIDATION_FAILED that names the field. */
export function retryOf(args: { readonly retry?: JsonValue }): RetryPolicy | null {
  return args.retry === undefined || args.retry === null ? null : parseRetry(args.retry);
}

/**
 * Null where it was the last try.
 * @param failures how many tries have failed, this one included; the jitter is the same each time for the same step.
 */
export function planRetry(
  args: { readonly retry?: JsonValue },
  stepId: string,
  failures: number,
  { codes, mayPass, reason, askedMs = 0 }: FailedTry,
): PlannedTry | null {
  // Options that cannot be are refused by the first try, without a code to go by.
  const policy = codes.length === 0 ? null : retryOf(args);
  if (policy === null || failures >= policy.attempts || !isWorthRetry(policy, codes, mayPass)) return null;
  const ownMs = retryDelayMs(policy, failures, spread(`${stepId}#${failures}`));
  const delayMs = Math.max(ownMs, Math.min(askedMs, policy.maxMs));
  return { delayMs, note: describeRetry(failures, policy.attempts, reason, delayMs) };
}

/** A line for the log. */
export function describeRetry(attempt: number, attempts: number, reason: string, delayMs: number): string {
  const text = reason.replaceAll(/\s*\n\s*/g, " ");
  return `attempt ${attempt} of ${attempts} failed: ${text}; the next one begins in ${formatDuration(delayMs)}`;
}
