// Which runs execute now: those of a higher priority first, else first come, first served; within the limit on all runs
// and the limits of their concurrency keys.
//
// A run that executes takes a *slot*, of which there are as many as runs may execute at once, and *holds* its key. One
// that waits (for days, perhaps) keeps its key without a slot: `park`. Its life in the words of this file:
//
//   submit → (queued) → begin() → release                        it ended
//   submit → (queued) → begin() → park → submit, resumed → …      it waited, and there was news
//   hold → submit, resumed → …                                    it waited when an earlier life of the server ended
//
// Those that come back leave half of the slots to new ones: a server that starts with ten thousand unfinished runs, or a
// thousand that wake at one time, has callers to answer meanwhile.

import { AppError } from "../core/app-error.ts";
import { OrderedQueue } from "./ordered-queue.ts";

export interface QueuedRun {
  readonly id: string;
  readonly pipeline: string;
  /** Runs with the same key share a limit, over all pipelines; null: only the limit on all runs is its. */
  readonly key: string | null;
  /** It begins when fewer runs than this hold its key; undefined: whenever there is a slot. */
  readonly limit: number | undefined;
  readonly priority: number;
  /** How many runs above it started each other: for whoever ends it here. */
  readonly depth: number;
  /**
   * It has begun before, in this life of the server or an earlier one. It holds its key already (from now on, where it
   * did not), so it needs a slot alone, and it goes before new runs of its priority.
   */
  readonly resumed?: boolean;
  /** Begins the run, which then has a slot until `release` or `park`. */
  readonly begin: () => void;
}

/** Runs that have a key, in the order in which they came to hold it, and in that in which they will begin. */
export interface KeyUsers {
  readonly holding: readonly string[];
  readonly queued: readonly QueuedRun[];
}

export interface DispatcherLimits {
  /** Runs that execute at once. */
  readonly executing: number;
  /** Runs that wait for their beginning; those that have begun before do not count. */
  readonly queued: number;
}

interface Entry {
  readonly run: QueuedRun;
  /** Order of submission. */
  readonly turn: number;
}

/** All runs with one key. Those of one priority begin in their order, whatever the limits of their versions are. */
interface Lane {
  readonly key: string | null;
  readonly holding: Set<string>;
  readonly queue: OrderedQueue<Entry>;
}

const nobody: KeyUsers = { holding: [], queued: [] };

export class Dispatcher {
  readonly #limits: DispatcherLimits;
  readonly #lanes = new Map<string, Lane>();
  /** Of new runs that only need a slot. */
  readonly #free: Lane = createLane(null);
  /** Of runs that come back: they hold their key. */
  readonly #returning: Lane = createLane(null);
  /** Lanes whose first run needs nothing but a slot: a long queue behind a key costs the others one look. */
  readonly #ready = new OrderedQueue<Lane>((a, b) => goesBefore(firstOf(a), firstOf(b)));
  /** By id of the run. */
  readonly #queued = new Map<string, { readonly entry: Entry; readonly lane: Lane }>();
  readonly #executing = new Set<string>();
  /** Of those, the ones that came back. */
  readonly #returned = new Set<string>();
  /** Run that holds a key → its lane. */
  readonly #holders = new Map<string, Lane>();
  #newQueued = 0;
  #lastTurn = 0;
  #stopped = false;

  constructor(limits: DispatcherLimits) {
    this.#limits = limits;
  }

  /** @throws {AppError} QUEUE_FULL where a new run would have to wait and no more may. `submit` itself never refuses. */
  checkRoom({ key, limit }: Pick<QueuedRun, "key" | "limit">): void {
    if (this.#newQueued < this.#limits.queued || this.#stopped) return;
    const hasSlot = this.#executing.size < this.#limits.executing;
    const lane = key === null ? this.#free : this.#lanes.get(key);
    const hasKey = lane === undefined || (lane.queue.size === 0 && hasRoom(lane, limit));
    if (hasSlot && hasKey) return;
    throw new AppError("QUEUE_FULL", `${this.#newQueued} runs wait for their beginning, and no more may`, {
      hint: "try again later; `runner runs --status queued` lists them, --max-queued-runs sets how many may wait",
    });
  }

  /** Begins the run now if it may, else when its turn comes. */
  submit(run: QueuedRun): void {
    if (this.#stopped) return;
    if (run.resumed === true && run.key !== null) this.#hold(run.id, this.#laneOf(run.key));
    this.#enqueue({ run, turn: ++this.#lastTurn });
    this.#dispatch();
  }

  /** A waiting run of an earlier life of the server holds its key. */
  hold(id: string, key: string): void {
    if (!this.#stopped) this.#hold(id, this.#laneOf(key));
  }

  /**
   * Takes a run out of the queue that has never begun, and returns it with the way back to its old place; undefined
   * where there is no such run.
   */
  withdraw(id: string): { readonly run: QueuedRun; readonly putBack: () => void } | undefined {
    const found = this.#queued.get(id);
    if (found === undefined || found.entry.run.resumed === true) return undefined;
    this.#take(found.entry, found.lane);
    // What it held up may have no limit, or a higher one.
    this.#dispatch();
    const putBack = (): void => {
      if (this.#stopped) return;
      this.#enqueue(found.entry);
      this.#dispatch();
    };
    return { run: found.entry.run, putBack };
  }

  /** The run waits: it gives back its slot and keeps its key. */
  park(id: string): void {
    this.#returned.delete(id);
    if (this.#executing.delete(id)) this.#dispatch();
  }

  /** The run has ended, wherever it was: its slot and its key are free. */
  release(id: string): void {
    const found = this.#queued.get(id);
    if (found !== undefined) this.#take(found.entry, found.lane);
    this.#executing.delete(id);
    this.#returned.delete(id);
    const lane = this.#holders.get(id);
    if (lane !== undefined) {
      this.#holders.delete(id);
      lane.holding.delete(id);
      this.#refresh(lane);
    }
    this.#dispatch();
  }

  usersOf(key: string): KeyUsers {
    const lane = this.#lanes.get(key);
    if (lane === undefined) return nobody;
    return { holding: [...lane.holding], queued: lane.queue.list().map(({ run }) => run) };
  }

  /** Forgets what waits; nothing begins any more. */
  stop(): void {
    this.#stopped = true;
    this.#queued.clear();
    this.#lanes.clear();
    this.#ready.clear();
    this.#free.queue.clear();
    this.#returning.queue.clear();
  }

  #enqueue(entry: Entry): void {
    const { id, key, resumed } = entry.run;
    const lane = resumed === true ? this.#returning : key === null ? this.#free : this.#laneOf(key);
    this.#queued.set(id, { entry, lane });
    lane.queue.add(entry);
    if (resumed !== true) this.#newQueued++;
    this.#refresh(lane);
  }

  #take(entry: Entry, lane: Lane): void {
    lane.queue.remove(entry);
    this.#queued.delete(entry.run.id);
    if (entry.run.resumed !== true) this.#newQueued--;
    this.#refresh(lane);
  }

  #dispatch(): void {
    while (!this.#stopped && this.#executing.size < this.#limits.executing) {
      const lane = this.#findNextLane();
      const entry = lane?.queue.first;
      if (lane === undefined || entry === undefined) return;
      const { run } = entry;
      this.#executing.add(run.id);
      if (run.resumed === true) this.#returned.add(run.id);
      if (lane.key !== null) this.#hold(run.id, lane);
      this.#take(entry, lane);
      run.begin();
    }
  }

  #findNextLane(): Lane | undefined {
    const [ready, back] = [this.#ready.first, this.#returning.queue.first];
    if (back === undefined) return ready;
    const next = ready?.queue.first;
    if (next === undefined) return this.#returning;
    if (2 * (this.#returned.size + 1) > Math.max(2, this.#limits.executing)) return ready;
    return goesBefore(back, next) ? this.#returning : ready;
  }

  #hold(id: string, lane: Lane): void {
    lane.holding.add(id);
    this.#holders.set(id, lane);
    this.#refresh(lane);
  }

  #laneOf(key: string): Lane {
    const lane = this.#lanes.get(key) ?? createLane(key);
    this.#lanes.set(key, lane);
    return lane;
  }

  /** Puts the lane where it belongs after a change; one without runs is forgotten. */
  #refresh(lane: Lane): void {
    if (lane === this.#returning) return;
    this.#ready.remove(lane);
    const first = lane.queue.first;
    if (first === undefined) {
      if (lane.key !== null && lane.holding.size === 0) this.#lanes.delete(lane.key);
    } else if (hasRoom(lane, first.run.limit)) this.#ready.add(lane);
  }
}

function createLane(key: string | null): Lane {
  return { key, holding: new Set(), queue: new OrderedQueue(goesBefore) };
}

function hasRoom({ key, holding }: Lane, limit: number | undefined): boolean {
  return key === null || limit === undefined || holding.size < limit;
}

function firstOf({ queue }: Lane): Entry {
  const { first } = queue;
  if (first !== undefined) return first;
  throw new AppError("INTERNAL", "a lane without runs is not ready");
}

function goesBefore(a: Entry, b: Entry): boolean {
  if (a.run.priority !== b.run.priority) return a.run.priority > b.run.priority;
  if ((a.run.resumed === true) !== (b.run.resumed === true)) return a.run.resumed === true;
  return a.turn < b.turn;
}
