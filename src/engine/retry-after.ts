// `Retry-After` of an HTTP answer: how long its sender asks to be left alone.

/** Milliseconds, of seconds or of a date (RFC 9110 §10.2.3); undefined where it is neither. */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  const trimmed = text?.trim() ?? "";
  if (/^\d+$/.test(trimmed)) return Number(trimmed) * 1000;
  // A date of HTTP begins with the name of its day: Date.parse alone takes "-5" and "2.5" for years.
  const at = /^[A-Z][a-z]+,? /.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
