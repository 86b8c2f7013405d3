// Headers that a script wants on its answer: those that would break the connection or the message are left out.

import { isHeaderName, isHeaderValue, isHopByHop } from "../core/header-field.ts";

/** Names in lower case; of names that differ only in case the last one counts. */
export function responseHeaders(wanted: Readonly<Record<string, string>>): Record<string, string> {
  // Without a prototype `__proto__` is a header like any other.
  const headers = Object.create(null) as Record<string, string>;
  // What a script answers is shown on the origin of the API: it must not run there as a page.
  headers["content-security-policy"] = "sandbox";
  headers["x-content-type-options"] = "nosniff";
  headers["cache-control"] = "no-store";
  for (const name in wanted) {
    const value = wanted[name];
    if (typeof value !== "string" || !isHeaderName(name) || !isHeaderValue(value)) continue;
    const lower = name.toLowerCase();
    if (!isHopByHop(lower) && !lower.startsWith("proxy-")) headers[lower] = value;
  }
  return headers;
}
