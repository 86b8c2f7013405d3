// Waiting for a run to end, for so long.

import type { Clock } from "../core/clock.ts";
import { isFinal, type Run } from "../core/run.ts";
import type { RunRegistry } from "./run-registry.ts";

export interface WaitForEndOptions {
  readonly id: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** @throws {AppError} RUN_NOT_FOUND. */
  readonly getRun: () => Promise<Run>;
  readonly clock: Pick<Clock, "after">;
  readonly runs: Pick<RunRegistry, "onEnd">;
}

/** The run when it has ended, or as it is after that time. @throws {AppError} RUN_NOT_FOUND. */
export async function waitForEnd({ id, timeoutMs, signal, getRun, clock, runs }: WaitForEndOptions): Promise<Run> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Listened for before it is looked at, so that nothing falls between the two.
  const stopWaiting = runs.onEnd(id, resolve);
  const stopTimer = clock.after(timeoutMs, resolve);
  signal?.addEventListener("abort", () => resolve(), { once: true });
  try {
    const run = await getRun();
    if (isFinal(run.status)) return run;
    await promise;
    return await getRun();
  } finally {
    stopTimer();
    stopWaiting();
  }
}
