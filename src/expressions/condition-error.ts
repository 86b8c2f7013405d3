// Why a condition has no value, and where; it never leaves this folder.

export class ConditionError extends Error {
  /** Offset into the expression, from 0; undefined where no single place is to blame. */
  readonly at: number | undefined;

  constructor(message: string, at?: number) {
    super(message);
    this.at = at;
  }
}
