// What the name and the value of an HTTP header may be. RFC 9110 §5.

const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const fieldValue = /^[\t\u0020-\u007E\u0080-\u00FF]*$/;

/** They belong to a connection, and whoever holds it sets them. */
const hopByHop = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export function isHeaderName(name: string): boolean {
  return fieldName.test(name);
}

/** False with line breaks and what Latin-1 lacks. */
export function isHeaderValue(value: string): boolean {
  return fieldValue.test(value);
}

export function isHopByHop(name: string): boolean {
  return hopByHop.has(name.toLowerCase());
}
