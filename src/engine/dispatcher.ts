// Which runs execute now: first come, first served, within the limits on all runs and on those of one pipeline.

export interface QueuedRun {
  readonly id: string;
  readonly pipeline: string;
  /** Runs of this pipeline that may execute at once; undefined: no limit of its own. */
  readonly limit: number | undefined;
  /** Begins the run; it tells the dispatcher by `release` when it has ended. */
  readonly begin: () => void;
}

interface WaitingRun {
  readonly run: QueuedRun;
  /** Order of submission over all pipelines. */
  readonly turn: number;
}

/** One pipeline that has runs. Its runs never overtake each other, whatever the limits of their versions are. */
interface Lane {
  executing: number;
  readonly waiting: WaitingRun[];
}

export class Dispatcher {
  readonly #limit: number;
  /** By pipeline: a long queue of one at its limit costs the others one look, not a walk through it. */
  readonly #lanes = new Map<string, Lane>();
  /** Id of a waiting run → its lane. */
  readonly #waiting = new Map<string, Lane>();
  #executing = 0;
  #lastTurn = 0;
  #stopped = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Begins the run now if it may, else when its turn comes. */
  submit(run: QueuedRun): void {
    if (this.#stopped) return;
    const lane = this.#lanes.get(run.pipeline) ?? { executing: 0, waiting: [] };
    this.#lanes.set(run.pipeline, lane);
    this.#waiting.set(run.id, lane);
    lane.waiting.push({ run, turn: ++this.#lastTurn });
    this.#dispatch();
  }

  /** Takes a run out of the queue and returns it, where it is waiting. */
  withdraw(id: string): QueuedRun | undefined {
    const lane = this.#waiting.get(id);
    if (lane === undefined) return undefined;
    this.#waiting.delete(id);
    const index = lane.waiting.findIndex(({ run }) => run.id === id);
    const [taken] = lane.waiting.splice(index, 1);
    if (taken !== undefined) this.#forgetIdle(taken.run.pipeline, lane);
    // What it held up may have no limit, or a higher one.
    if (index === 0) this.#dispatch();
    return taken?.run;
  }

  release(pipeline: string): void {
    const lane = this.#lanes.get(pipeline);
    if (lane === undefined || lane.executing === 0) return;
    lane.executing--;
    this.#executing--;
    this.#forgetIdle(pipeline, lane);
    this.#dispatch();
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
    for (const lane of this.#lanes.values()) lane.waiting.length = 0;
  }

  #dispatch(): void {
    while (!this.#stopped && this.#executing < this.#limit) {
      const lane = this.#findNextLane();
      const next = lane?.waiting.shift();
      if (lane === undefined || next === undefined) return;
      this.#waiting.delete(next.run.id);
      lane.executing++;
      this.#executing++;
      next.run.begin();
    }
  }

  /** The lane whose first run has waited longest, of those that are below their limit. */
  #findNextLane(): Lane | undefined {
    let found: Lane | undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes.values()) {
      const first = lane.waiting[0];
      if (first === undefined || first.turn > earliest) continue;
      if (first.run.limit !== undefined && lane.executing >= first.run.limit) continue;
      [found, earliest] = [lane, first.turn];
    }
    return found;
  }

  #forgetIdle(pipeline: string, lane: Lane): void {
    if (lane.executing === 0 && lane.waiting.length === 0) this.#lanes.delete(pipeline);
  }
}
