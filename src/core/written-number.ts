// Whole numbers that are not what was written once they are numbers.

/** What is written of one that would be printed otherwise, as 0755 or 123456789012345678; it counts as a text. */
export function findWritten({
  value,
  source,
}: {
  readonly value: unknown;
  /** Of a scalar in YAML. */
  readonly source?: string | undefined;
}): string | undefined {
  const isOther = typeof value === "number" && source !== undefined && source !== String(value);
  return isOther && (/^-?0\d+$/.test(source) || (/^-?\d+$/.test(source) && !Number.isSafeInteger(value)))
    ? source
    : undefined;
}
