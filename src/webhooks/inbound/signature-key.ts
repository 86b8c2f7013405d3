// The configured secret as a key, and what a key makes or checks.

import { createPublicKey, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import { secretsEqual } from "../../core/secret-compare.ts";
import type { KeyFormat } from "./provider.ts";
import { looseBase64 } from "./signature-encoding.ts";
import type { Signature } from "./signature.ts";

export type SignedMessage = readonly (string | Uint8Array)[];

const encoder = new TextEncoder();
const secretMark = "whsec_";
const publicMark = "whpk_";

/**
 * The bytes of the key that a secret stands for; undefined where it is none of this format. A public key, which anybody
 * may know, is never the key of an HMAC, nor a token; nor is an empty secret.
 */
export function keyBytes(format: KeyFormat, secret: string): Uint8Array | undefined {
  switch (format) {
    case "text":
      return secret === "" || secret.startsWith(publicMark) ? undefined : encoder.encode(secret);
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
function decodeKey(text: string): Uint8Array | undefined {
  const bytes = looseBase64(text);
  return bytes?.toBase64({ omitPadding: !text.endsWith("=") }) === text ? bytes : undefined;
}

/** The configured secrets as keys: each is decoded once for a request, whatever is held against it. */
export class Keys {
  readonly #secrets: readonly string[];
  readonly #byFormat: Partial<Record<KeyFormat, readonly Uint8Array[]>> = {};

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  /** Those that are of this format, in their order. */
  of(format: KeyFormat): readonly Uint8Array[] {
    return (this.#byFormat[format] ??= this.#secrets
      .map((secret) => keyBytes(format, secret))
      .filter((key) => key !== undefined));
  }
}

/** What an HMAC makes of a message. */
export function computeHmac(
  algorithm: "hmac-sha256" | "hmac-sha1",
  key: Uint8Array,
  message: SignedMessage,
): Uint8Array {
  const hmac = new Bun.CryptoHasher(algorithm === "hmac-sha256" ? "sha256" : "sha1", key);
  for (const part of message) hmac.update(part);
  return hmac.digest();
}

/**
 * True if one of the keys made one of the signatures. All are tried with all, so the time taken tells neither which one
 * it was nor how much of it was right.
 */
export function matchesAny(signatures: readonly Signature[], keys: Keys, message: SignedMessage): boolean {
  let matches = false;
  // A scheme has one kind of HMAC, so its signatures are all held against the same digests.
  let digests: readonly Uint8Array[] | undefined;
  let whole: Uint8Array | undefined;
  for (const { form, bytes } of signatures) {
    const { algorithm } = form;
    const own = keys.of(form.key);
    if (algorithm === "token") for (const key of own) matches = secretsEqual(key, bytes) || matches;
    else if (algorithm === "ed25519") {
      whole ??= Buffer.concat(message.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
      for (const key of own) matches = checkEd25519(key, bytes, whole) || matches;
    } else {
      digests ??= own.map((key) => computeHmac(algorithm, key, message));
      for (const digest of digests) {
        matches = (digest.length === bytes.length && timingSafeEqual(digest, bytes)) || matches;
      }
    }
  }
  return matches;
}

function checkEd25519(key: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  try {
    return verify(null, message, importEd25519(key), signature);
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
