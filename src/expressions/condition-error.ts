// Why an expression has no value, and where; it never leaves this folder.

export class ConditionError extends Error {
  /** Offset into the expression, from 0; undefined where no single place is to blame. */
  readonly at: number | undefined;

  constructor(message: string, at?: number) {
    super(message);
    this.at = at;
  }
}

const maxQuotedCharacters = 120;

/** One sentence: what is wrong, and at which character. */
export function describeConditionError(error: unknown, expression: string): string {
  const reason = error instanceof Error ? error.message : String(error);
  const at = error instanceof ConditionError ? error.at : undefined;
  const isLong = expression.length > maxQuotedCharacters;
  const quoted = JSON.stringify(isLong ? `${expression.slice(0, maxQuotedCharacters)}…` : expression);
  return at === undefined ? `${reason}: ${quoted}` : `${reason} (character ${at + 1} of ${quoted})`;
}
