// What a run's calls need of the locks of its pipeline.

import { AppError } from "../core/app-error.ts";
import type { NewRun } from "../store/store.ts";

type Owner = Pick<NewRun, "id" | "pipeline">;

export interface Locks {
  /** Who has it, in words for people; null where this run would have it at once. */
  describeWait(run: Owner, name: string, limit: number): string | null;
  /**
   * Asks for it, behind all that have asked before; true where the run has it with that.
   * @throws {AppError} DEADLOCK where the run has it, or waits for it, VALIDATION_FAILED for too many.
   */
  ask(run: Owner, call: { readonly number: number; readonly name: string }, limit: number): boolean;
  /**
   * Gives it back: others have it once the returned function is called, as soon as that is durable.
   * @throws {AppError} VALIDATION_FAILED where the run does not have it.
   */
  release(run: Owner, name: string): () => void;
  /** The run waits for it no longer. */
  giveUp(run: Owner, name: string): void;
}

export function takenTwice(name: string, how: "has" | "waits for"): AppError {
  return new AppError("DEADLOCK", `this run ${how} the lock ${JSON.stringify(name)} already`, {
    hint: "a run takes a lock once; give it back first with await locks.release(…)",
  });
}

export function notTaken(name: string): AppError {
  return new AppError("VALIDATION_FAILED", `this run does not have the lock ${JSON.stringify(name)}`, {
    hint: "take it first: await locks.take(…)",
  });
}
