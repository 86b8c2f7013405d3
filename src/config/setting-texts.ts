// Settings as one would write them: exact, and accepted again as input.

const sizeUnits = [
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
  ["B", 1],
] as const;

/** "1GiB", "1536MiB", "1000B". */
export function sizeText(bytes: number): string {
  const fitting = bytes === 0 ? sizeUnits.at(-1) : sizeUnits.find(([, size]) => bytes % size === 0);
  const [unit, size] = fitting ?? ["", 1];
  return `${bytes / size}${unit}`;
}
