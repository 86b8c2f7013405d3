// The run that was begun last for each job of a pipeline, over restarts too while it is queued.

import type { Store } from "../../store/store.ts";

export class LastRuns {
  readonly #runs: Pick<Store["runs"], "findKept" | "unfinished">;
  /** By pipeline and job. */
  readonly #ids = new Map<string, string>();
  #isRecalled = false;

  constructor(runs: Pick<Store["runs"], "findKept" | "unfinished">) {
    this.#runs = runs;
  }

  note(pipeline: string, job: string, runId: string): void {
    this.#ids.set(keyOf(pipeline, job), runId);
  }

  /** Whether it has not begun to execute: it will take the newest version of whatever its jobs get. */
  async isQueued(pipeline: string, job: string): Promise<boolean> {
    if (!this.#isRecalled) await this.#recall();
    const id = this.#ids.get(keyOf(pipeline, job));
    return id !== undefined && (await this.#runs.findKept(id))?.status === "queued";
  }

  /** Those that an earlier life of the server has begun. */
  async #recall(): Promise<void> {
    for (const { id, status } of await this.#runs.unfinished()) {
      const run = status === "queued" ? (await this.#runs.findKept(id))?.run : undefined;
      // A rerun has the versions that its run had.
      if (run === undefined || run.rerunOf !== null) continue;
      for (const { jobs } of run.begunFor) for (const job of jobs) this.note(run.pipeline, job, id);
    }
    this.#isRecalled = true;
  }
}

function keyOf(pipeline: string, job: string): string {
  return JSON.stringify([pipeline, job]);
}
