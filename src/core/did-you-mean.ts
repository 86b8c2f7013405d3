// The nearest known name to a mistyped one.

/** The candidate within two edits of `name` (one third of its length for long names), or undefined. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const lower = name.toLowerCase();
  let best: string | undefined;
  let most = Math.max(2, Math.floor(name.length / 3));
  for (const candidate of candidates) {
    if (most < 0) break;
    const distance = editDistance(lower, candidate.toLowerCase(), most);
    if (distance <= most) [best, most] = [candidate, distance - 1];
  }
  return best;
}

/** Levenshtein distance, or more than `most`; bounded to texts of 64 characters so that a hostile name costs nothing. */
function editDistance(a: string, b: string, most: number): number {
  if (a.length > 64 || b.length > 64 || Math.abs(a.length - b.length) > most) return Number.POSITIVE_INFINITY;
  let row = Uint8Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    // Further than that from the diagonal there is nothing within `most`.
    const [from, to] = [Math.max(1, i - most), Math.min(b.length, i + most)];
    const next = new Uint8Array(b.length + 1).fill(most + 1);
    if (from === 1) next[0] = i;
    let least = next[0] ?? 0;
    for (let j = from; j <= to; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const distance = Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      next[j] = distance;
      least = Math.min(least, distance);
    }
    if (least > most) return Number.POSITIVE_INFINITY;
    row = next;
  }
  return row[b.length] ?? 0;
}
