// Constant-time comparison of secrets.

import { createHash, timingSafeEqual } from "node:crypto";

/** True if both are equal; the time taken tells nothing about where they differ, nor about either length. */
export function secretsEqual(a: string | Uint8Array, b: string | Uint8Array): boolean {
  // Hashing first gives both sides one length, which timingSafeEqual demands.
  return timingSafeEqual(digest(a), digest(b));
}

/** A lone surrogate has no UTF-8 of its own and would count as any other: such texts are hashed as they are. */
function digest(secret: string | Uint8Array): Buffer {
  const isOdd = typeof secret === "string" && !secret.isWellFormed();
  return createHash("sha256")
    .update(isOdd ? Buffer.from(secret, "utf16le") : secret)
    .digest();
}
