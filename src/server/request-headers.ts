// Headers of a request as a plain record, within their limits.

import { AppError } from "../core/app-error.ts";
import type { HttpLimits } from "./limits.ts";

export type RequestHeaders = Readonly<Record<string, string>>;

/**
 * Names in lower case, repeated headers joined by ", ".
 * @throws {AppError} HEADERS_TOO_LARGE when there are too many or they are too long together.
 */
export function readHeaders(headers: Headers, limits: HttpLimits): RequestHeaders {
  const record = headers.toJSON() as Record<string, string | readonly string[]>;
  let count = 0;
  let bytes = 0;
  for (const name in record) {
    let value = record[name] ?? "";
    if (typeof value !== "string") record[name] = value = value.join(", ");
    count++;
    bytes += name.length + value.length;
  }
  if (count > limits.maxHeaders || bytes > limits.maxHeaderBytes) throw tooLarge(count, bytes, limits);
  return record as RequestHeaders;
}

function tooLarge(count: number, bytes: number, limits: HttpLimits): AppError {
  const { maxHeaders, maxHeaderBytes } = limits;
  return new AppError(
    "HEADERS_TOO_LARGE",
    `the request has ${count} headers of ${bytes} bytes; ${maxHeaders} headers and ${maxHeaderBytes} bytes are allowed`,
    { hint: "send fewer or shorter headers" },
  );
}
