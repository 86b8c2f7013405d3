// Host operations that are functions of their input alone, hence neither journaled nor sent anywhere.

import { parseHmacAlgorithm } from "../../core/hmac-algorithm.ts";

const urlParts = [
  "href",
  "origin",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
] as const;

interface UrlQuestion {
  readonly url: string;
  readonly base?: string;
  readonly set?: readonly [part: string, value: string];
}

/** The parts of a URL as JSON, `null` where it is not one. */
export function parseUrl(payload: string): string {
  const { url, base, set } = JSON.parse(payload) as UrlQuestion;
  try {
    const parsed = base === undefined ? new URL(url) : new URL(url, base);
    if (set !== undefined && set[0] !== "origin" && urlParts.some((part) => part === set[0])) {
      Reflect.set(parsed, set[0], set[1]);
    }
    return JSON.stringify(Object.fromEntries(urlParts.map((part) => [part, parsed[part]])));
  } catch {
    return "null";
  }
}

/** Base64 of bytes as UTF-8, as JSON; malformed bytes become U+FFFD. */
export function decodeText(payload: string): string {
  return JSON.stringify(new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.from(payload, "base64")));
}

interface HmacQuestion {
  readonly algorithm: string;
  /** Base64. */
  readonly key: string;
  /** Base64. */
  readonly message: string;
}

/** `{ hex }` or `{ error }` as JSON. */
export function hmac(payload: string): string {
  const { algorithm, key, message } = JSON.parse(payload) as HmacQuestion;
  const name = parseHmacAlgorithm(algorithm);
  if (name === null) {
    return JSON.stringify({
      error: `crypto.hmac: unknown algorithm ${JSON.stringify(algorithm)}; use "sha256", "sha1" or "sha512"`,
    });
  }
  const mac = new Bun.CryptoHasher(name, Buffer.from(key, "base64"));
  return JSON.stringify({ hex: mac.update(Buffer.from(message, "base64")).digest("hex") });
}
