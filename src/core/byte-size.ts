// Sizes as people write them ("64MiB", "1GB", 1048576) to bytes.

import { AppError } from "./app-error.ts";

const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/**
 * Bytes of a size: a number is bytes, a text is a number with B, KB, MB, GB, KiB, MiB or GiB.
 * @throws {AppError} VALIDATION_FAILED when it is neither, or not a positive amount.
 */
export function parseByteSize(value: unknown): number {
  const match = typeof value === "string" ? /^(\d+(?:\.\d+)?)\s*([a-zA-Z]*)$/.exec(value.trim()) : null;
  const unit = match ? unitBytes[(match[2] || "b").toLowerCase()] : undefined;
  const bytes = typeof value === "number" ? value : match && unit ? Math.floor(Number(match[1]) * unit) : Number.NaN;
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new AppError("VALIDATION_FAILED", `${JSON.stringify(value) ?? String(value)} is not a size`, {
    hint: 'write a number with a unit, like "64MiB" or "1GiB"',
  });
}

/** A size for people: "64 MiB", "1.5 GiB". */
export function formatByteSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let index = 0;
  let amount = bytes;
  for (; Number(amount.toFixed(1)) >= 1024 && index < units.length - 1; index++) amount /= 1024;
  return `${Number(amount.toFixed(1))} ${units[index]}`;
}
