// A moment in the zone of this machine: `2026-01-02 03:04:05`.

export function formatMoment(at: Date): string {
  const two = (part: number): string => String(part).padStart(2, "0");
  const date = [String(at.getFullYear()), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${date} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
}
