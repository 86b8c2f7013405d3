// Constant-time comparison of secrets.

import { createHash, timingSafeEqual } from "node:crypto";

/** True if both are equal; the time taken tells nothing about where they differ, nor about either length. */
export function secretsEqual(a: string | Uint8Array, b: string | Uint8Array): boolean {
  // Hashing first gives both sides one length, which timingSafeEqual demands.
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}
