// Ways to prove where a request is from that several providers have in common.

import type { SignatureForm, SignatureScheme, ValueSource } from "./provider.ts";

export const fiveMinutesMs = 300_000;

export const hexSha256: SignatureForm = {
  prefix: "",
  prefixRequired: false,
  algorithm: "hmac-sha256",
  encoding: "hex",
  key: "text",
};

/** The HMAC-SHA256 of the body in a header, in hex, with this before it. */
export function bodySignedIn(name: string, prefix = ""): SignatureScheme {
  return {
    places: [{ in: "header", name }],
    forms: [{ ...hexSha256, prefix, prefixRequired: prefix !== "" }],
    signed: [{ part: "body" }],
  };
}

const plainToken: SignatureForm = {
  prefix: "",
  prefixRequired: false,
  algorithm: "token",
  encoding: "text",
  key: "text",
};

/** The secret itself, in a header or a query parameter. */
export function tokenIn(...places: SignatureScheme["places"]): SignatureScheme {
  return { places, forms: [plainToken], signed: [] };
}

/** RFC 6750. */
export const bearerToken: SignatureScheme = {
  places: [{ in: "header", name: "authorization" }],
  forms: [{ ...plainToken, prefix: "Bearer ", prefixRequired: true }],
  signed: [],
};

/** RFC 7617; the secret is `user:password`. */
export const basicToken: SignatureScheme = {
  places: [{ in: "header", name: "authorization" }],
  forms: [{ ...plainToken, prefix: "Basic ", prefixRequired: true, encoding: "base64" }],
  signed: [],
};

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function standardScheme(forms: readonly SignatureForm[]): SignatureScheme {
  return {
    places: [{ in: "header", name: "webhook-signature" }],
    separator: " ",
    forms,
    signed: [
      { part: "header", name: "webhook-id" },
      { part: "text", text: "." },
      { part: "timestamp" },
      { part: "text", text: "." },
      { part: "body" },
    ],
    timestamp: { in: "header", name: "webhook-timestamp", toleranceMs: fiveMinutesMs },
  };
}

export const standardHmac: SignatureForm = {
  prefix: "v1,",
  prefixRequired: true,
  algorithm: "hmac-sha256",
  encoding: "base64",
  key: "base64",
};

export function header(name: string): ValueSource {
  return { from: "header", header: name };
}

export function json(...path: readonly string[]): ValueSource {
  return { from: "json", path };
}
