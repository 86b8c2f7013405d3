// The hash algorithms of `crypto.hmac`, by the names people use for them.

const algorithms = new Set(["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]);

/** The name as the crypto library knows it ("SHA-256" → "sha256"), or null where it is none of ours. */
export function parseHmacAlgorithm(name: string): string | null {
  const plain = name.toLowerCase().replace(/^sha-/, "sha");
  return algorithms.has(plain) ? plain : null;
}
