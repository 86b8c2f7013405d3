// Why a connection or an exchange over it failed, in words, by the runtime's code. What the runtime says itself is not
// passed on: it repeats the address with its secrets.

/** By the runtime's code. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused: nothing listens there",
  ENOTFOUND: "there is no such host name",
  EAI_AGAIN: "the host name could not be looked up",
  ETIMEDOUT: "the host does not answer",
  ENETUNREACH: "there is no network to that host",
  EHOSTUNREACH: "there is no way to that host",
  ECONNRESET: "the connection was closed before the answer was complete",
  EPROTO: "the TLS handshake failed: probably it does not speak https there",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  CERT_REVOKED: "its certificate was revoked",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host name",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate comes from an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate comes from an unknown authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate comes from an unknown authority",
  ResponseHeadersTooLarge: "its headers are too large",
  Malformed_HTTP_Response: "it does not answer in HTTP, or with too many headers",
  InvalidHTTPResponse: "it does not answer in HTTP",
  InvalidContentLength: "its Content-Length is not valid",
  UnrequestedUpgrade: "it switched to another protocol",
};

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: "is the service running, and is the port right?",
  ENOTFOUND: "check the spelling, or write the IP address",
  DEPTH_ZERO_SELF_SIGNED_CERT: trustHint(),
  SELF_SIGNED_CERT_IN_CHAIN: trustHint(),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: trustHint(),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: trustHint(),
};

function trustHint(): string {
  return "to trust it, start the server with NODE_EXTRA_CA_CERTS=/path/to/its-ca.pem";
}

/** Empty where what was thrown has none. */
export function failureCode(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
}

export function failureReason(thrown: unknown): string {
  const code = failureCode(thrown);
  if (Object.hasOwn(reasons, code)) return reasons[code] ?? code;
  return /^[\w.]{1,60}$/.test(code) ? code : "the connection failed";
}

export function failureHint(thrown: unknown): string | undefined {
  const code = failureCode(thrown);
  return Object.hasOwn(hints, code) ? hints[code] : undefined;
}
