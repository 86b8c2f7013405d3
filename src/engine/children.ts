// What a run's calls need of the runs that they start.

import type { NewRun } from "../store/store.ts";

export interface ChildArguments {
  readonly params: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
  /** The script goes on with the end of the run; else as soon as it is recorded. */
  readonly wait: boolean;
}

/** A run to be recorded together with the call that starts it. */
export interface ChildRun {
  readonly run: NewRun;
  /** To be called once it is recorded. */
  readonly begin: () => void;
}

export interface Children {
  /** @throws {AppError} DEPTH_LIMIT, DEADLOCK, PIPELINE_NOT_FOUND, PIPELINE_BROKEN, PARAM_INVALID, DISK_LOW. */
  create(
    parent: Pick<NewRun, "id" | "depth" | "concurrencyKey">,
    call: { readonly number: number; readonly name: string },
    given: ChildArguments,
  ): ChildRun;
  /** Asks it to end, once. */
  cancel(id: string, reason: string): void;
  /** Asks all to end that this run waits for. It need not come into memory for that: it may have no place to. */
  cancelAwaited(parentId: string, reason: string): Promise<void>;
}
