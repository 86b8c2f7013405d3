// The wrapper of a step as this server sees it: its own child, or a process that an earlier life of it started.

import type { ProcessIdentity } from "./process-stat.ts";

export interface WrapperProcess {
  /** Also the number of its group and of its session; null where it had ended before this server looked. */
  readonly pid: number | null;
  /** What it is recognised by later on; null until it is noted. */
  readonly identity: ProcessIdentity | null;
  /** Once false, its number may belong to another. */
  readonly isAlive: boolean;
  /** Resolves when it has ended: with its exit code, or null where a signal ended it or nobody can say. */
  readonly ended: Promise<number | null>;
  /** Looks at it no more; called before its folder is closed. */
  release(): void;
}
