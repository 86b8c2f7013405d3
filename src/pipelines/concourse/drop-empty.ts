// Keys with nothing behind them, which Concourse takes as if they were not there.

type Fields = Readonly<Record<string, unknown>>;

/** `passed:` is no list, but none is meant. Of those in `needed` the null stays, to be told of. */
export function dropEmpty(given: Fields, needed: readonly string[] = []): Fields {
  const kept = Object.entries(given).filter(([name, value]) => value !== null || needed.includes(name));
  return kept.length === Object.keys(given).length ? given : Object.fromEntries(kept);
}
