// Brings waiting runs back when their time has come; what waits is in the store, only the next time is in memory.

import { toAppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import type { Store } from "../store/store.ts";

export interface WakeClockOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, "runs">;
  /** True for a run that is on its way back already. */
  readonly isInHand: (runId: string) => boolean;
  readonly wake: (runId: string) => void;
}

/** Runs on their way back at one time; the others come when there is room. */
const maxOnTheWay = 256;
/** A clock that somebody sets ahead is noticed within this time. */
const longestLookMs = 30_000;
const retryMs = 1000;

export class WakeClock {
  readonly #options: WakeClockOptions;
  #stopClock: (() => void) | null = null;
  #dueAt = Number.POSITIVE_INFINITY;
  /** There was more to bring back than there was room for. */
  #more = false;
  #looking = false;
  #stopped = true;

  constructor(options: WakeClockOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = false;
    void this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopClock?.();
  }

  /** A run waits for this time from now on. */
  expect(wakeAt: number): void {
    if (wakeAt < this.#dueAt) this.#arm(wakeAt);
  }

  /** A run that was in hand no longer is: there is room for another one. */
  poke(): void {
    if (this.#more) void this.#look();
  }

  #arm(wakeAt: number): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    this.#stopClock?.();
    this.#dueAt = wakeAt;
    const delayMs = Math.min(Math.max(0, wakeAt - clock.now()), longestLookMs);
    this.#stopClock = clock.after(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    if (this.#stopped || this.#looking) return;
    this.#looking = true;
    this.#more = false;
    try {
      await this.#wakeDue();
    } catch (thrown) {
      // A disk that fails is told of by the store itself.
      if (toAppError(thrown).class.retryable) this.#arm(this.#options.clock.now() + retryMs);
      else throw thrown;
    } finally {
      this.#looking = false;
    }
  }

  async #wakeDue(): Promise<void> {
    const { clock, store, isInHand, wake } = this.#options;
    const next = await store.runs.nextWakes(2 * maxOnTheWay);
    const now = clock.now();
    const due = next.filter(({ wakeAt }) => wakeAt <= now);
    const onTheWay = due.filter(({ id }) => isInHand(id)).length;
    const waking = due.filter(({ id }) => !isInHand(id)).slice(0, Math.max(0, maxOnTheWay - onTheWay));
    for (const { id } of waking) wake(id);
    this.#more = due.length > onTheWay + waking.length;
    const later = next.find(({ wakeAt }) => wakeAt > now);
    this.#dueAt = Number.POSITIVE_INFINITY;
    // Where all that was read is due already, a run that leaves makes this look again.
    if (later !== undefined) this.#arm(later.wakeAt);
    else if (next.length === 2 * maxOnTheWay) this.#more = true;
  }
}
