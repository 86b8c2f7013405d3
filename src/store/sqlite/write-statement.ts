// What a subject says about each of its writes: the one SQL statement it is, and the values bound to it.

import type { AppError } from "../../core/app-error.ts";
import type { Write } from "../writes.ts";

export type Bind = string | number | null | Uint8Array;

export interface WriteStatement<W extends Write> {
  readonly sql: string;
  readonly bind: (write: W) => readonly Bind[];
  /** The error where no row was changed; absent where that is fine. */
  readonly missed?: (binds: readonly Bind[]) => AppError;
}

export type WriteOf<T extends Write["type"]> = Extract<Write, { readonly type: T }>;

export type WriteStatements<T extends Write["type"]> = { readonly [K in T]: WriteStatement<WriteOf<K>> };
