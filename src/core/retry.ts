// How often something is tried, and how long is waited between two tries.

import { AppError } from "./app-error.ts";
import { parseDuration } from "./duration.ts";

export interface RetryPolicy {
  /** The first try included. */
  readonly attempts: number;
  readonly backoff: "exponential" | "constant";
  readonly initialMs: number;
  /** No wait is longer, but for the jitter. */
  readonly maxMs: number;
  /** Share of a wait by which it may be longer or shorter, 0 to 1. */
  readonly jitter: number;
  /** Exit codes, HTTP statuses or error codes that are worth another try; null: whatever failed. */
  readonly on: readonly (number | string)[] | null;
}

const maxAttempts = 100;
const longestWaitMs = 24 * 60 * 60 * 1000;
/** Of whoever says nothing of it; who begins with a longer wait means that one. */
const defaultMaxMs = 60_000;

/**
 * A policy as it is written: `{ attempts: 3, backoff: "exponential", initial: "1s", max: "1m", jitter: 0.1, on: [75] }`;
 * a number alone is the attempts.
 * @throws {AppError} VALIDATION_FAILED that names the field.
 */
export function parseRetry(value: unknown): RetryPolicy {
  const fields = typeof value === "number" ? { attempts: value } : value;
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw invalid("", value, "must be { attempts, backoff, initial, max, jitter, on }, like { attempts: 3 }");
  }
  const {
    attempts = 3,
    backoff = "exponential",
    initial = "1s",
    max,
    jitter = 0.1,
    on = null,
    ...rest
  } = fields as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined)
    throw invalid(`.${unknown}`, rest[unknown], "is unknown: there are attempts, backoff, initial, max, jitter, on");
  if (!isWithin(attempts, 1, maxAttempts) || !Number.isInteger(attempts)) {
    throw invalid(".attempts", attempts, `must be a whole number from 1 to ${maxAttempts}`);
  }
  if (backoff !== "exponential" && backoff !== "constant") {
    throw invalid(".backoff", backoff, 'must be "exponential" or "constant"');
  }
  if (!isWithin(jitter, 0, 1)) throw invalid(".jitter", jitter, "must be a share from 0 to 1");
  const initialMs = parseWait(".initial", initial);
  return {
    attempts,
    backoff,
    initialMs,
    maxMs: max === undefined ? Math.max(defaultMaxMs, initialMs) : parseWait(".max", max),
    jitter,
    on: on === null ? null : parseCodes(on),
  };
}

/**
 * How long to wait after a try that failed, in whole milliseconds.
 * @param attempt the number of that try, from 1.
 * @param random 0 to 1, excluded; the middle is no jitter.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number): number {
  const { backoff, initialMs, maxMs, jitter } = policy;
  const plainMs = backoff === "constant" ? initialMs : initialMs * 2 ** (attempt - 1);
  return Math.round(Math.min(plainMs, maxMs) * (1 + jitter * (2 * random - 1)));
}

/**
 * True where another try may follow one that failed with these codes.
 * @param mayPass what counts where the policy names no codes.
 */
export function isWorthRetry({ on }: RetryPolicy, codes: readonly (number | string)[], mayPass = true): boolean {
  return on === null ? mayPass : codes.some((code) => on.includes(code));
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}

function parseWait(field: string, value: unknown): number {
  try {
    const waitMs = parseDuration(value);
    if (waitMs <= longestWaitMs) return waitMs;
  } catch {
    // Told below, with the field.
  }
  throw invalid(field, value, 'must be a duration of at most a day, like "500ms", "2s" or "1m"');
}

function parseCodes(on: unknown): readonly (number | string)[] {
  const isCode = (code: unknown): code is number | string => typeof code === "number" || typeof code === "string";
  if (Array.isArray(on) && on.length > 0 && on.every(isCode)) return on;
  throw invalid(".on", on, 'must be a list of codes, like [75, 111] or ["FETCH_TIMEOUT"]');
}

function invalid(field: string, value: unknown, rule: string): AppError {
  return new AppError("VALIDATION_FAILED", `retry${field} ${rule}, not ${JSON.stringify(value) ?? typeof value}`);
}
