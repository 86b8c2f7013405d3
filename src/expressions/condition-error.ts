// Why an expression has no value, and where; it never leaves this folder.

export class ConditionError extends Error {
  /** Offset into the expression, from 0; undefined where no single place is to blame. */
  readonly at: number | undefined;

  constructor(message: string, at?: number) {
    super(message);
    this.at = at;
  }
}

const maxShownCharacters = 100;
const maxQuotedCharacters = 60;

/** A text as a message names it: short, between quotes. */
export function quote(text: string): string {
  return JSON.stringify(text.length > maxQuotedCharacters ? `${text.slice(0, maxQuotedCharacters)}…` : text);
}

/** What is wrong, at which line and column, and below it the line itself with a caret at the place. */
export function describeConditionError(error: unknown, expression: string): string {
  const reason = error instanceof Error ? error.message : String(error);
  const at = error instanceof ConditionError ? error.at : undefined;
  const lineStart = at === undefined ? 0 : expression.lastIndexOf("\n", at - 1) + 1;
  const text = expression.slice(lineStart).split("\n", 1)[0] ?? "";
  const column = (at ?? lineStart) - lineStart;
  // Of a long line only what is around the place.
  const from = Math.max(0, Math.min(column - maxShownCharacters / 2, text.length - maxShownCharacters));
  const shown = `  ${text.slice(from, from + maxShownCharacters).replaceAll(/\p{Cc}/gu, " ")}`;
  if (at === undefined) return `${reason}\n${shown}`;
  const line = expression.slice(0, lineStart).split("\n").length;
  const place = line === 1 ? `column ${column + 1}` : `line ${line}, column ${column + 1}`;
  return `${reason} (${place})\n${shown}\n  ${" ".repeat(column - from)}^`;
}
