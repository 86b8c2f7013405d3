// A number that looks random and is the same each time for the same text: for jitter that a restart does not change.

/** From 0 to 1, excluded. */
export function spread(text: string): number {
  return Number(BigInt.asUintN(32, BigInt(Bun.hash(text)))) / 2 ** 32;
}
