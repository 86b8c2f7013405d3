// The locks of all pipelines: who has them and who waits, in the order they asked. The store has the same; which of
// them are held is told there by their calls, which are answered when a lock is given.

import { AppError, toAppError } from "../core/app-error.ts";
import { maxLocksOfRun } from "../core/lock.ts";
import type { StoredLock } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import { lockTaken } from "./lock-terms.ts";
import { type Locks, notTaken, takenTwice } from "./locks.ts";
import type { RunParts } from "./run-parts.ts";
import type { RunRegistry } from "./run-registry.ts";

export interface LockDeskOptions {
  readonly parts: Pick<RunParts, "store" | "clock" | "logger">;
  readonly runs: () => Pick<RunRegistry, "onEnd" | "answerWait" | "stopped">;
}

/** A place in the queue for a lock. */
interface Seat extends Omit<StoredLock, "isHeld"> {
  isHeld: boolean;
  /** It is given back, which is not durable yet. */
  isLeaving: boolean;
}

export class LockDesk implements Locks {
  readonly #options: LockDeskOptions;
  /** Holders and those that wait, by pipeline and name. */
  readonly #queues = new Map<string, Seat[]>();
  /** Of each run that was ever given one and has not ended. */
  readonly #byRun = new Map<string, Set<Seat>>();

  constructor(options: LockDeskOptions) {
    this.#options = options;
  }

  /** Knows again who had what, and who waited. */
  async load(): Promise<void> {
    for (const lock of await this.#options.parts.store.locks.all()) this.#add({ ...lock, isLeaving: false });
  }

  /** Gives what became free as the server stopped. */
  start(): void {
    for (const key of this.#queues.keys()) this.#give(key);
  }

  describeWait(...[{ pipeline }, name, limit]: Parameters<Locks["describeWait"]>): string | null {
    const queue = this.#queues.get(keyOf(pipeline, name)) ?? [];
    const holders = queue.filter(({ isHeld }) => isHeld);
    const waiting = queue.length - holders.length;
    if (waiting === 0 && holders.length < limit) return null;
    const runs = holders.slice(0, 3).map(({ runId }) => runId);
    const more = holders.length > runs.length ? ` and ${holders.length - runs.length} more` : "";
    const before = waiting === 0 ? "" : `; ${waiting} asked before`;
    return `held by run ${runs.join(", ")}${more}${before}`;
  }

  ask(...[{ id: runId, pipeline }, { number, name }, limit]: Parameters<Locks["ask"]>): boolean {
    const own = this.#byRun.get(runId);
    const same = this.#find(runId, name);
    if (same !== undefined) throw takenTwice(name, same.isHeld ? "has" : "waits for");
    if (own !== undefined && own.size >= maxLocksOfRun) {
      throw new AppError("VALIDATION_FAILED", `locks.take: a run has at most ${maxLocksOfRun} locks at one time`);
    }
    const queue = this.#queues.get(keyOf(pipeline, name)) ?? [];
    const isHeld = queue.length < limit && queue.every((seat) => seat.isHeld);
    this.#add({ pipeline, name, runId, number, limit, isHeld, isLeaving: false });
    return isHeld;
  }

  release(...[{ id: runId }, name]: Parameters<Locks["release"]>): () => void {
    const seat = this.#find(runId, name);
    if (seat?.isHeld !== true) throw notTaken(name);
    seat.isLeaving = true;
    return () => this.#remove(seat);
  }

  giveUp(...[{ id: runId }, name]: Parameters<Locks["giveUp"]>): void {
    const seat = this.#find(runId, name);
    if (seat !== undefined) this.#remove(seat);
  }

  #find(runId: string, name: string): Seat | undefined {
    return [...(this.#byRun.get(runId) ?? [])].find((seat) => seat.name === name && !seat.isLeaving);
  }

  #add(seat: Seat): void {
    const key = keyOf(seat.pipeline, seat.name);
    const queue = this.#queues.get(key);
    if (queue === undefined) this.#queues.set(key, [seat]);
    else queue.push(seat);
    const own = this.#byRun.get(seat.runId);
    if (own !== undefined) {
      own.add(seat);
      return;
    }
    this.#byRun.set(seat.runId, new Set([seat]));
    const { runs } = this.#options;
    runs().onEnd(seat.runId, () => {
      if (!runs().stopped) this.#removeRun(seat.runId);
    });
  }

  #removeRun(runId: string): void {
    const seats = [...(this.#byRun.get(runId) ?? [])];
    for (const seat of seats) this.#remove(seat);
    this.#byRun.delete(runId);
  }

  #remove(seat: Seat): void {
    this.#byRun.get(seat.runId)?.delete(seat);
    const key = keyOf(seat.pipeline, seat.name);
    const left = (this.#queues.get(key) ?? []).filter((each) => each !== seat);
    if (left.length === 0) this.#queues.delete(key);
    else this.#queues.set(key, left);
    this.#give(key);
  }

  /** Gives a lock to those whose turn it is: by the time of asking, and each within its own limit. */
  #give(key: string): void {
    const queue = this.#queues.get(key) ?? [];
    let held = queue.filter(({ isHeld }) => isHeld).length;
    for (const seat of queue) {
      if (seat.isHeld) continue;
      if (held >= seat.limit) return;
      seat.isHeld = true;
      held++;
      void this.#grant(seat);
    }
  }

  /** Answers the call that waits; where nothing waits any more, it is the turn of the next. */
  async #grant(seat: Seat): Promise<void> {
    const { parts, runs } = this.#options;
    const { runId, number } = seat;
    const answer = async (): Promise<boolean> => await runs().answerWait(runId, [{ number, ...lockTaken }]);
    const isOver = (): boolean => runs().stopped;
    try {
      if (await awaitStore(parts.clock, answer, isOver)) return;
    } catch (thrown) {
      if (isOver()) return;
      const reason = toAppError(thrown).message;
      parts.logger.error("a run could not be given its lock", { run: runId, lock: seat.name, reason });
    }
    if (!isOver()) this.#remove(seat);
  }
}

function keyOf(pipeline: string, name: string): string {
  return JSON.stringify([pipeline, name]);
}
