// Headers that a script wants on its answer: those that would break the connection or the message are left out.

/** RFC 9110 §7.6.1: these speak about one connection, which is the server's; content-length follows from the body. */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** RFC 9110 §5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 §5.5: no control character but tab; latin-1, because that is what a header is on the wire. */
const fieldValue = /^[\t\u0020-\u007E\u0080-\u00FF]*$/;

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
    if (typeof value !== "string" || !token.test(name) || !fieldValue.test(value)) continue;
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !lower.startsWith("proxy-")) headers[lower] = value;
  }
  return headers;
}
