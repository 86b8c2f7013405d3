// A wrapper that an earlier life of the server started. It is no child of this one, so it has to be looked at.

import type { Clock } from "../../core/clock.ts";
import { isIdentityLive, type ProcessIdentity } from "./process-stat.ts";
import type { SpoolFolder } from "./spool-folder.ts";
import type { WrapperProcess } from "./wrapper-process.ts";

const firstPollMs = 2;
const slowestPollMs = 50;

/** A wrapper that is killed writes no status, so its process is looked at as well, though /proc is slower to ask. */
const longestUnseenMs = 1000;

/**
 * Looks at the size of the status file, a microsecond, and at the process where that has grown: the wrapper ends in the
 * moment after it has written the status, and what a step itself may write there does not count.
 */
export class FoundWrapper implements WrapperProcess {
  readonly pid: number | null;
  readonly identity: ProcessIdentity | null;
  readonly ended: Promise<null>;
  readonly #folder: SpoolFolder;
  readonly #clock: Clock;
  readonly #resolve: (exitCode: null) => void;
  #isAlive: boolean;
  #statusBytes = 0;
  #pollMs = firstPollMs;
  #seenAt: number;
  #cancelPoll = (): void => {};

  /** Null for the identity: it has ended. */
  constructor(identity: ProcessIdentity | null, folder: SpoolFolder, clock: Clock) {
    const { promise, resolve } = Promise.withResolvers<null>();
    this.pid = identity?.pid ?? null;
    this.identity = identity;
    this.ended = promise;
    this.#resolve = resolve;
    this.#folder = folder;
    this.#clock = clock;
    this.#seenAt = clock.elapsed();
    this.#isAlive = identity !== null;
    if (identity === null) resolve(null);
    else this.#poll();
  }

  /** Looks at the process. */
  get isAlive(): boolean {
    if (!this.#isAlive || this.identity === null) return false;
    this.#seenAt = this.#clock.elapsed();
    if (isIdentityLive(this.identity)) return true;
    this.#isAlive = false;
    this.#cancelPoll();
    this.#resolve(null);
    return false;
  }

  release(): void {
    this.#cancelPoll();
  }

  #poll(): void {
    const statusBytes = this.#folder.statusBytes();
    if (statusBytes !== this.#statusBytes) this.#pollMs = firstPollMs;
    this.#statusBytes = statusBytes;
    const isUnseen = this.#clock.elapsed() - this.#seenAt >= longestUnseenMs;
    if ((this.#pollMs < slowestPollMs || isUnseen) && !this.isAlive) return;
    this.#cancelPoll = this.#clock.after(this.#pollMs, () => this.#poll());
    this.#pollMs = Math.min(this.#pollMs * 1.5, slowestPollMs);
  }
}
