// The options `retry` and `onInterrupt`, which steps, fetches and blocks share, checked where the script gives them.

import { parseRetry, type RetryPolicy } from "../../core/retry.ts";
import { stringifyJson } from "./host.ts";

/** Null where what fails is not to be tried again. @throws {TypeError} that names the field. */
export function readPolicy(caller: string, retry: unknown): RetryPolicy | null {
  if (retry === undefined || retry === null) return null;
  try {
    return parseRetry(retry);
  } catch (thrown) {
    throw new TypeError(`${caller}: ${thrown instanceof Error ? thrown.message : "retry is wrong"}`);
  }
}

/** As the host takes it, which reads it again. @throws {TypeError} */
export function readRetry(caller: string, retry: unknown): unknown {
  return readPolicy(caller, retry) === null ? undefined : retry;
}

/** @throws {TypeError} */
export function readOnInterrupt(caller: string, onInterrupt: unknown): "fail" | "retry" | undefined {
  if (onInterrupt === undefined || onInterrupt === null) return undefined;
  if (onInterrupt === "fail" || onInterrupt === "retry") return onInterrupt;
  const given = stringifyJson(onInterrupt) ?? typeof onInterrupt;
  throw new TypeError(`${caller}: onInterrupt must be "retry" or "fail", not ${given}`);
}
