// Answers that are worked out once: of a function of a text, the latest few.

const maxKept = 1000;

/** `work` must depend on its text alone. */
export function remember<T>(work: (text: string) => T): (text: string) => T {
  const kept = new Map<string, T>();
  return (text) => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    const answer = work(text);
    if (kept.size >= maxKept) kept.clear();
    kept.set(text, answer);
    return answer;
  };
}
