// The bytes of a signature as text and back; a text that says the same in another way is none.

import type { SignatureForm } from "./provider.ts";

const lengths = { "hmac-sha256": 32, "hmac-sha1": 20, ed25519: 64 } as const;
const hexDigits = /^[0-9a-fA-F]+$/;
const maxTokenChars = 8192;

/** Undefined where the text is not what the form writes: a wrong length, a wrong digit, something behind it. */
export function signatureBytes(form: SignatureForm, text: string): Uint8Array | undefined {
  const { algorithm, encoding } = form;
  if (algorithm === "token") {
    if (text.length > maxTokenChars) return undefined;
    return encoding === "base64" ? strictBase64(text) : Buffer.from(text, "utf8");
  }
  const length = lengths[algorithm];
  if (encoding === "hex") {
    return text.length === 2 * length && hexDigits.test(text) ? Uint8Array.fromHex(text) : undefined;
  }
  const bytes = text.length > 2 * length ? undefined : strictBase64(text);
  return bytes?.length === length ? bytes : undefined;
}

/** As RFC 4648 section 4 writes it, with its padding and without loose bits (section 3.5). */
export function strictBase64(text: string): Uint8Array | undefined {
  const bytes = looseBase64(text);
  return bytes?.toBase64() === text ? bytes : undefined;
}

/** With or without the padding; undefined where there is nothing or something else. */
export function looseBase64(text: string): Uint8Array | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text);
    return bytes.length > 0 ? bytes : undefined;
  } catch {
    return undefined;
  }
}

export function encoded({ encoding }: SignatureForm, bytes: Uint8Array): string {
  return Buffer.from(bytes).toString(encoding === "text" ? "utf8" : encoding);
}
