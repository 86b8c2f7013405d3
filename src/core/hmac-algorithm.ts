// The hash algorithms of `crypto.hmac`, by the names people use for them.

const algorithms = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] as const;

export type HmacAlgorithm = (typeof algorithms)[number];

/** The name as the crypto library knows it ("SHA-256" → "sha256"), or null where it is none of ours. */
export function parseHmacAlgorithm(name: string): HmacAlgorithm | null {
  const plain = name.toLowerCase().replace(/^sha-/, "sha");
  return algorithms.find((algorithm) => algorithm === plain) ?? null;
}
