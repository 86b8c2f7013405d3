// `crypto`: random values (journaled) and HMAC.

import { encodeBase64 } from "./base64.ts";
import { call } from "./calls.ts";
import { randomBytes } from "./clock.ts";
import { defineGlobal, hostText, parseJson, stringifyJson } from "./host.ts";
import { isObject, readSecret } from "./secret-text.ts";
import { encodeUtf8 } from "./text-encoding.ts";

/** RFC 9562 §5.4: version 4, variant 10. */
function randomUUID(): string {
  const bytes = randomBytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function getRandomValues<T>(array: T): T {
  if (!ArrayBuffer.isView(array) || array instanceof Float32Array || array instanceof Float64Array) {
    throw new TypeError("crypto.getRandomValues: the argument must be an integer typed array");
  }
  if (array.byteLength > 65_536) throw new RangeError("crypto.getRandomValues: at most 65,536 bytes at once");
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(randomBytes(array.byteLength));
  return array;
}

function bytesText(value: unknown, what: string): string {
  if (typeof value === "string") return encodeBase64(encodeUtf8(value));
  if (value instanceof ArrayBuffer) return encodeBase64(new Uint8Array(value));
  if (ArrayBuffer.isView(value)) return encodeBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  throw new TypeError(`crypto.hmac: ${what} must be a text or bytes`);
}

/**
 * HMAC as lower-case hex. A key given as `{ secret: "env:NAME" }`, or by another reference, never enters the
 * sandbox: the host computes with it.
 */
async function hmac(algorithm: unknown, key: unknown, data: unknown): Promise<string> {
  const message = bytesText(data, "the data");
  if (isObject(key) && "secret" in key) {
    const { secret } = readSecret("crypto.hmac", { secret: key.secret }, "the key");
    return (await call("hmac", String(algorithm), { algorithm: String(algorithm), secret, message })) as string;
  }
  const payload = { algorithm: String(algorithm), key: bytesText(key, "the key"), message };
  const answer = parseJson(hostText("hmac", stringifyJson(payload))) as { hex?: string; error?: string };
  if (answer.hex === undefined) throw new TypeError(answer.error);
  return answer.hex;
}

export function installCrypto(): void {
  defineGlobal("crypto", { randomUUID, getRandomValues, hmac });
}
