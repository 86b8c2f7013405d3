// A clock that stands still until a test moves it on, and that a test can set like a clock on a wall.

import type { Clock } from "../../../src/core/clock.ts";
import { ManualClock, settlePromises } from "./manual-clock.ts";

export class SettableClock implements Clock {
  readonly #steady = new ManualClock();
  #aheadMs: number;

  constructor(startsAt: string) {
    this.#aheadMs = Date.parse(startsAt) - this.#steady.now();
  }

  now(): number {
    return this.#steady.now() + this.#aheadMs;
  }

  elapsed(): number {
    return this.#steady.elapsed();
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#steady.after(delayMs, callback);
  }

  get pendingMs(): readonly number[] {
    return this.#steady.pendingMs;
  }

  /** Somebody sets it: nothing becomes due by that. */
  setBy(ms: number): void {
    this.#aheadMs += ms;
  }

  /** Time passes, from one alarm to the next. */
  async pass(ms: number): Promise<void> {
    await settlePromises();
    let leftMs = ms;
    while (leftMs > 0) {
      const stepMs = Math.min(leftMs, Math.max(1, this.#steady.pendingMs[0] ?? leftMs));
      await this.#steady.advance(stepMs);
      leftMs -= stepMs;
    }
  }

  async passUntil(time: string): Promise<void> {
    await this.pass(Date.parse(time) - this.now());
  }
}
