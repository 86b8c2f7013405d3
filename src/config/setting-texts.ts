// Settings as one would write them: exact, and accepted again as input.

const durationUnits = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

const sizeUnits = [
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
  ["B", 1],
] as const;

/** "5s", "90s", "1500ms": in the largest unit that needs no fraction. */
export function durationText(ms: number): string {
  return inLargestUnit(ms, durationUnits);
}

/** "1GiB", "1536MiB", "1000B". */
export function sizeText(bytes: number): string {
  return inLargestUnit(bytes, sizeUnits);
}

function inLargestUnit(amount: number, units: readonly (readonly [string, number])[]): string {
  const fitting = amount === 0 ? units.at(-1) : units.find(([, size]) => amount % size === 0);
  const [unit, size] = fitting ?? ["", 1];
  return `${amount / size}${unit}`;
}
