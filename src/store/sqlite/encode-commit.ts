// Commits as the worker takes them: the name of each write's statement and its values, copied when `commit` is called.

import type { Write } from "../writes.ts";
import { bundleWrites } from "./bundles.ts";
import { inboundWrites } from "./inbound.ts";
import { journalWrites } from "./journal.ts";
import { logWrites } from "./logs.ts";
import { runWrites } from "./runs.ts";
import { stepWrites } from "./steps.ts";
import { valueWrites } from "./values.ts";
import type { Bind, WriteOf, WriteStatements } from "./write-statement.ts";

export const writeStatements: WriteStatements<Write["type"]> = {
  ...runWrites,
  ...stepWrites,
  ...journalWrites,
  ...logWrites,
  ...bundleWrites,
  ...inboundWrites,
  ...valueWrites,
};

export interface EncodedWrite {
  readonly type: Write["type"];
  readonly binds: readonly Bind[];
}

export interface EncodedCommit {
  readonly writes: readonly EncodedWrite[];
  /** About; to keep batches within bounds. */
  readonly bytes: number;
}

/** What the caller does to the writes and their buffers afterwards changes nothing. */
export function encodeCommit(writes: readonly Write[]): EncodedCommit {
  let bytes = 0;
  const encoded = writes.map((write) => {
    const binds = bindWrite(write).map((bind) => (bind instanceof Uint8Array ? new Uint8Array(bind) : bind));
    for (const bind of binds) bytes += bind === null || typeof bind === "number" ? 8 : bind.length;
    return { type: write.type, binds };
  });
  return { writes: encoded, bytes };
}

function bindWrite<T extends Write["type"]>(write: WriteOf<T>): readonly Bind[] {
  return writeStatements[write.type as T].bind(write);
}
