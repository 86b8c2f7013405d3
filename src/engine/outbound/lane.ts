// The way to one destination: what is due for it, a few at a time, whatever becomes of the others.

import type { Clock } from "../../core/clock.ts";
import type { Delivery } from "../../core/delivery.ts";
import type { Store } from "../../store/store.ts";
import { longestDelayBefore } from "../../webhooks/webhooks.ts";
import type { RateLimiter } from "../rate-limiter.ts";
import type { DeliveryAttempts } from "./delivery-attempts.ts";
import type { Subscription } from "./destination.ts";

export interface LaneOptions {
  readonly id: string;
  readonly store: Pick<Store, "outbound">;
  readonly clock: Clock;
  readonly attempts: Pick<DeliveryAttempts, "make">;
  readonly limiter: Pick<RateLimiter, "take">;
  /** As it is now; undefined: nothing may be sent to it. */
  readonly findActive: () => Subscription | undefined;
  /** Ends attempts that are under way. */
  readonly signal: AbortSignal;
  /** What could not be read is told, and tried again. */
  readonly onTrouble: (thrown: unknown) => void;
}

/** Requests on their way at once. */
const mostSending = 4;
/** Attempts that are made and not yet on record: a slow disk stops the sending. */
const mostUnrecorded = 64;
/** Deliveries that are in memory at once. */
const windowSize = 256;
/** Read first: where the first few are not all due, neither is any other. */
const glanceSize = 8;
/** A clock that somebody sets ahead is noticed within this time. */
const longestLookMs = 30_000;
const retryMs = 1000;
/** Clocks are set by a little now and then. */
const tolerableStepMs = 60_000;

export class Lane {
  readonly #options: LaneOptions;
  /** Due ones that are not in hand, in their order. */
  #queue: readonly Delivery[] = [];
  /** Being sent, or recorded, or changed by somebody else, or put off. */
  readonly #inHand = new Set<string>();
  readonly #sending = new Set<string>();
  /** Those that are being sent or recorded, until they are on record. */
  readonly #work = new Map<string, Promise<void>>();
  /** There may be due ones that are not in the queue. */
  #isStale = true;
  #isLooking = false;
  /** All that was read first the last time was due: there is much to send. */
  #isBusy = false;
  readonly #putOffs = new Set<() => void>();
  #stopTimer: (() => void) | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** There is something new for it. */
  poke(): void {
    this.#isStale = true;
    this.#pump();
  }

  /** What is pending is given up: what was read before must not be sent. */
  forget(): void {
    this.#queue = [];
    this.#isStale = true;
  }

  /** Keeps a delivery from being sent until it is let go; false where it is being sent. */
  async hold(id: string): Promise<boolean> {
    if (!this.#sending.has(id)) await this.#work.get(id);
    if (this.#inHand.has(id)) return false;
    this.#inHand.add(id);
    this.#queue = this.#queue.filter((delivery) => delivery.id !== id);
    return true;
  }

  letGo(id: string): void {
    this.#inHand.delete(id);
    this.poke();
  }

  /** Begins nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#stopTimer?.();
    for (const stopTimer of this.#putOffs) stopTimer();
    this.#queue = [];
  }

  /** Resolves when what is under way is on record. */
  async settle(): Promise<void> {
    await Promise.all(this.#work.values());
  }

  #pump(): void {
    while (!this.#stopped && this.#sending.size < mostSending && this.#inHand.size < mostSending + mostUnrecorded) {
      const subscription = this.#options.findActive();
      if (subscription === undefined) return;
      const next = this.#queue[0];
      if (next === undefined) {
        if (this.#isStale) void this.#look();
        return;
      }
      const { id, ratePerMinute } = subscription.destination;
      const waitMs = ratePerMinute === null ? 0 : this.#options.limiter.take({ key: id, perMinute: ratePerMinute });
      if (waitMs > 0) {
        this.#arm(waitMs);
        return;
      }
      this.#queue = this.#queue.slice(1);
      this.#begin(subscription, next);
    }
  }

  #begin(subscription: Subscription, delivery: Delivery): void {
    const { id } = delivery;
    this.#inHand.add(id);
    this.#sending.add(id);
    this.#work.set(id, this.#make(subscription, delivery));
  }

  async #make(subscription: Subscription, delivery: Delivery): Promise<void> {
    const { attempts, signal } = this.#options;
    const { id } = delivery;
    const onSent = (): void => {
      this.#sending.delete(id);
      this.#pump();
    };
    const after = await attempts.make(subscription, delivery, { signal, onSent });
    this.#work.delete(id);
    if (after === null) this.#putOff(id);
    else this.#inHand.delete(id);
    if (after !== null && after.nextAttemptAt !== null) this.#expect(after.nextAttemptAt);
    this.#pump();
  }

  /** What could not be recorded is made again, and not as soon as the lane looks again. */
  #putOff(id: string): void {
    if (this.#stopped) return;
    const stopTimer = this.#options.clock.after(longestLookMs, () => {
      this.#putOffs.delete(stopTimer);
      this.letGo(id);
    });
    this.#putOffs.add(stopTimer);
  }

  /** Reads what is due. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#isStale = false;
    try {
      const { id, store } = this.#options;
      const isDue = (delivery: Delivery): boolean => this.#isDue(delivery);
      let pending = await store.outbound.pending(id, this.#isBusy ? windowSize : glanceSize);
      const wasBusy = this.#isBusy;
      this.#isBusy = pending.length >= glanceSize && pending.every(isDue);
      if (this.#isBusy && !wasBusy) pending = await store.outbound.pending(id, windowSize);
      const isOver = this.#stopped || this.#options.findActive() === undefined;
      this.#queue = isOver ? [] : pending.filter((each) => isDue(each) && !this.#inHand.has(each.id));
      const laterAt = pending.find((each) => !isDue(each))?.nextAttemptAt ?? null;
      if (laterAt !== null) this.#expect(laterAt);
      // More than were read may be due; those in hand give way to them.
      else if (pending.length === windowSize) this.#isStale = true;
    } catch (thrown) {
      this.#options.onTrouble(thrown);
      this.#arm(retryMs);
      return;
    } finally {
      this.#isLooking = false;
    }
    if (this.#queue.length > 0 || this.#isStale) this.#pump();
  }

  #isDue({ nextAttemptAt, attempts, earlierAttempts }: Delivery): boolean {
    const { clock, findActive } = this.#options;
    const waitMs = (nextAttemptAt ?? 0) - clock.now();
    if (waitMs <= 0) return true;
    const delaysMs = findActive()?.destination.retryDelaysMs ?? [];
    // No plan puts an attempt off for longer: a clock that was set back did.
    return waitMs > longestDelayBefore(attempts - earlierAttempts + 1, delaysMs) + tolerableStepMs;
  }

  /** One is due at this time. */
  #expect(at: number): void {
    this.#arm(Math.max(0, at - this.#options.clock.now()));
  }

  /** Looks again after this time, or earlier. */
  #arm(delayMs: number): void {
    const { clock } = this.#options;
    const looksInMs = Math.min(delayMs, longestLookMs);
    const at = clock.elapsed() + looksInMs;
    if (this.#stopped || at >= this.#timerAt) return;
    this.#stopTimer?.();
    this.#timerAt = at;
    this.#stopTimer = clock.after(looksInMs, () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.poke();
    });
  }
}
