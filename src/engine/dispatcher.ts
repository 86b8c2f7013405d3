// Which runs execute now: first come, first served, within the limits on all runs and on those of one pipeline.

export interface QueuedRun {
  readonly id: string;
  readonly pipeline: string;
  /** Runs of this pipeline that may execute at once; undefined: no limit of its own. */
  readonly limit: number | undefined;
  /** Begins the run; it tells the dispatcher by `release` when it has ended. */
  readonly begin: () => void;
}

export class Dispatcher {
  readonly #limit: number;
  readonly #queue = new Map<string, QueuedRun>();
  readonly #executing = new Map<string, number>();
  #total = 0;
  #stopped = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Begins the run now if it may, else when its turn comes. */
  submit(run: QueuedRun): void {
    this.#queue.set(run.id, run);
    if (this.#queue.size === 1 || this.#total < this.#limit) this.#dispatch();
  }

  /** Takes a run out of the queue; false where it is not waiting. */
  withdraw(id: string): boolean {
    return this.#queue.delete(id);
  }

  release(pipeline: string): void {
    this.#total--;
    const left = (this.#executing.get(pipeline) ?? 1) - 1;
    if (left > 0) this.#executing.set(pipeline, left);
    else this.#executing.delete(pipeline);
    this.#dispatch();
  }

  stop(): void {
    this.#stopped = true;
    this.#queue.clear();
  }

  #dispatch(): void {
    if (this.#stopped) return;
    for (const run of this.#queue.values()) {
      if (this.#total >= this.#limit) return;
      const executing = this.#executing.get(run.pipeline) ?? 0;
      if (run.limit !== undefined && executing >= run.limit) continue;
      this.#queue.delete(run.id);
      this.#executing.set(run.pipeline, executing + 1);
      this.#total++;
      run.begin();
    }
  }
}
