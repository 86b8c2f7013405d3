// The configured secret as a key, and what a key makes or checks.

import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import { secretsEqual } from "../../core/secret-compare.ts";
import type { KeyFormat } from "./provider.ts";
import type { Signature } from "./signature.ts";

export type SignedMessage = readonly (string | Uint8Array)[];

const secretMark = "whsec_";
const publicMark = "whpk_";

/**
 * The bytes of the key that a secret stands for; undefined where it is none of this format. A public key, which anybody
 * may know, is never the key of an HMAC, nor a token; nor is an empty secret.
 */
export function keyBytes(format: KeyFormat, secret: string): Uint8Array | undefined {
  switch (format) {
    case "text":
      return secret === "" || secret.startsWith(publicMark) ? undefined : Buffer.from(secret, "utf8");
    case "hex":
      return /^[0-9a-fA-F]{64}$/.test(secret) ? Buffer.from(secret, "hex") : undefined;
    case "whsec":
      return secret.startsWith(secretMark) ? decodeKey(secret.slice(secretMark.length)) : undefined;
    case "base64":
      return decodeKey(secret.startsWith(secretMark) ? secret.slice(secretMark.length) : secret);
    case "whpk":
      return secret.startsWith(publicMark) ? decodeKey(secret.slice(publicMark.length)) : undefined;
  }
}

/** With or without the padding that people leave out when they copy. */
function decodeKey(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  const same = bytes.toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "");
  return bytes.length > 0 && same ? bytes : undefined;
}

/** What an HMAC makes of a message. */
export function computeHmac(
  algorithm: "hmac-sha256" | "hmac-sha1",
  key: Uint8Array,
  message: SignedMessage,
): Uint8Array {
  const hmac = createHmac(algorithm === "hmac-sha256" ? "sha256" : "sha1", key);
  for (const part of message) hmac.update(part);
  return hmac.digest();
}

/**
 * True if one of the secrets made one of the signatures. All are tried with all, so the time taken tells neither which
 * one it was nor how much of it was right.
 */
export function matchesAny(
  signatures: readonly Signature[],
  secrets: readonly string[],
  message: SignedMessage,
): boolean {
  let matches = false;
  for (const secret of secrets) {
    const expected = new Map<string, Uint8Array>();
    for (const signature of signatures) matches = checkOne(signature, secret, message, expected) || matches;
  }
  return matches;
}

/** `expected`: what this secret makes of the message, by algorithm. */
function checkOne(
  { form, bytes }: Signature,
  secret: string,
  message: SignedMessage,
  expected: Map<string, Uint8Array>,
): boolean {
  const key = keyBytes(form.key, secret);
  if (key === undefined) return false;
  switch (form.algorithm) {
    case "token":
      return secretsEqual(key, bytes);
    case "ed25519":
      return checkEd25519(key, bytes, message);
    case "hmac-sha256":
    case "hmac-sha1": {
      const digest = expected.get(form.algorithm) ?? computeHmac(form.algorithm, key, message);
      expected.set(form.algorithm, digest);
      return digest.length === bytes.length && timingSafeEqual(digest, bytes);
    }
  }
}

function checkEd25519(key: Uint8Array, signature: Uint8Array, message: SignedMessage): boolean {
  try {
    const bytes = Buffer.concat(message.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
    return verify(null, bytes, importEd25519(key), signature);
  } catch {
    // 32 bytes that are no point of the curve.
    return false;
  }
}

/** RFC 8037. @throws where it is no key. */
function importEd25519(key: Uint8Array): KeyObject {
  const x = Buffer.from(key).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}
