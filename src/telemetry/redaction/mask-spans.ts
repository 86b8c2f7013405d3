// Bytes with a mask in place of each secret.

import { Buffer } from "node:buffer";
import type { Span } from "./pattern-search.ts";

/** Shorter than every form of every secret that is masked: masked output is shorter than what was written. */
export const mask = "***";

const maskBytes = Buffer.from(mask);

/** The bytes themselves where there is nothing to mask. */
export function maskSpans(bytes: Uint8Array, spans: readonly Span[]): Uint8Array {
  if (spans.length === 0) return bytes;
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const { start, end } of spans) {
    parts.push(bytes.subarray(from, start), maskBytes);
    from = end;
  }
  parts.push(bytes.subarray(from));
  return Buffer.concat(parts);
}
