// Headers of a request as a plain record, within their limits.

import { AppError } from "../core/app-error.ts";
import type { HttpLimits } from "./limits.ts";

export type RequestHeaders = Readonly<Record<string, string>>;

/**
 * Names in lower case, repeated headers joined by ", ".
 * @throws {AppError} HEADERS_TOO_LARGE when there are too many or they are too long together.
 */
export function readHeaders(headers: Headers, limits: HttpLimits): RequestHeaders {
  const { kept, refusal } = keepHeaders(headers, limits);
  if (refusal !== null) throw refusal;
  return kept;
}

export interface KeptHeaders {
  /** Each as it is, or not there: half a secret would not be known as one. */
  readonly kept: RequestHeaders;
  /** HEADERS_TOO_LARGE where these are not all. */
  readonly refusal: AppError | null;
}

/** Those that fit within the limits. */
export function keepHeaders(headers: Headers, limits: HttpLimits): KeptHeaders {
  const record = headers.toJSON() as Record<string, string | readonly string[]>;
  let count = 0;
  let bytes = 0;
  for (const name in record) {
    let value = record[name] ?? "";
    if (typeof value !== "string") record[name] = value = value.join(", ");
    count++;
    bytes += name.length + value.length;
  }
  const all = record as RequestHeaders;
  if (count <= limits.maxHeaders && bytes <= limits.maxHeaderBytes) return { kept: all, refusal: null };
  return { kept: firstOf(all, limits), refusal: tooLarge(count, bytes, limits) };
}

function firstOf(all: RequestHeaders, { maxHeaders, maxHeaderBytes }: HttpLimits): RequestHeaders {
  const kept: [string, string][] = [];
  let bytes = 0;
  for (const [name, value] of Object.entries(all)) {
    if (kept.length === maxHeaders) break;
    if (bytes + name.length + value.length > maxHeaderBytes) continue;
    bytes += name.length + value.length;
    kept.push([name, value]);
  }
  return Object.fromEntries(kept);
}

function tooLarge(count: number, bytes: number, limits: HttpLimits): AppError {
  const { maxHeaders, maxHeaderBytes } = limits;
  return new AppError(
    "HEADERS_TOO_LARGE",
    `the request has ${count} headers of ${bytes} bytes; ${maxHeaders} headers and ${maxHeaderBytes} bytes are allowed`,
    { hint: "send fewer or shorter headers" },
  );
}
