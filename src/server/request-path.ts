// Taking a request's address apart without a URL object: path, query, and pipeline ids with slashes.

import { AppError } from "../core/app-error.ts";

export interface RequestTarget {
  /** Path with query string, as received. */
  readonly url: string;
  /** Not percent-decoded. */
  readonly path: string;
  /** Behind the question mark; empty where there is none. */
  readonly search: string;
}

/** Splits an absolute http or https URL. */
export function splitTarget(absoluteUrl: string): RequestTarget {
  const start = absoluteUrl.indexOf("/", 8);
  const url = start === -1 ? "/" : absoluteUrl.slice(start);
  const mark = url.indexOf("?");
  return mark === -1 ? { url, path: url, search: "" } : { url, path: url.slice(0, mark), search: url.slice(mark + 1) };
}

const noQuery: Readonly<Record<string, string>> = Object.freeze(Object.create(null) as Record<string, string>);

/** The first value of each parameter. */
export function parseQuery(search: string): Readonly<Record<string, string>> {
  if (search === "") return noQuery;
  const query = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(search)) query[name] ??= value;
  return query;
}

/**
 * `home%2Fbackup` and `home/backup/` are both `home/backup`.
 * @throws {AppError} BAD_REQUEST when the percent-encoding is broken.
 */
export function decodeId(encoded: string): string {
  const trimmed = encoded.endsWith("/") ? encoded.slice(0, -1) : encoded;
  if (!trimmed.includes("%")) return trimmed;
  try {
    return decodeURIComponent(trimmed);
  } catch (cause) {
    throw new AppError("BAD_REQUEST", `the address has a broken percent-encoding: ${trimmed}`, {
      cause,
      hint: "percent-encode UTF-8, like home%2Fbackup",
    });
  }
}
