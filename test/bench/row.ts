// One line of the table: a figure of the server beside a raw baseline of the same run.

export interface Row {
  /** Its name; what is measured is in it, never a measured value. */
  readonly what: string;
  readonly unit: string;
  readonly runner: number;
  /** What the baseline is, and its value. */
  readonly baseline: { readonly name: string; readonly value: number } | null;
  /** Null where DESIGN names no goal. */
  readonly goal: { readonly text: string; readonly met: boolean } | null;
}
