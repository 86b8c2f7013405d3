// Places for requests under way, shared among those who receive them. Bun 1.4.5 has 256 for the whole process and lets
// the others wait within their own time (measured): that many receivers that hang would make every other fail by a
// timeout, and scripts wait. So there are fewer places, and those who hold theirs long never get all of them.

import type { Clock } from "../../core/clock.ts";

/** What is left of the 256 is for the requests of scripts, of which there are 32 at most. */
const maxUnderWay = 200;
/** Whose request takes longer is slow, until one takes less. */
const slowAfterMs = 5000;
/** Standings that are remembered. */
const maxReceivers = 10_000;

/** How fast it was the last time. */
type Standing = "quick" | "unknown" | "slow";

interface Receiver {
  readonly name: string;
  standing: Standing;
  underWay: number;
  /** In the order they came. */
  readonly waiting: Set<(place: SendPlace | null) => void>;
}

/** Of all places. The slow ones are in the share of the unknown, so that there is always room for the quick. */
const shares: Readonly<Record<Standing, number>> = { quick: 0.75, unknown: 0.75, slow: 0.5 };
/** Who has a place already gets another one as long as fewer than these are taken by its kind. */
const shareOfMore = 0.25;

export interface SendPlace {
  /** Once. */
  free(): void;
}

export interface SendSlots {
  /** Null where it was closed, or the signal aborted, before there was a place. */
  take(receiver: string, signal: AbortSignal | undefined): SendPlace | null | Promise<SendPlace | null>;
  /** From now on there are none. */
  close(): void;
}

class SharedSlots implements SendSlots {
  readonly #clock: Pick<Clock, "after">;
  readonly #max: number;
  readonly #receivers = new Map<string, Receiver>();
  readonly #waiting: Readonly<Record<Standing, Set<Receiver>>> = {
    quick: new Set(),
    unknown: new Set(),
    slow: new Set(),
  };
  readonly #taken = { quick: 0, others: 0 };
  #isClosed = false;

  constructor(clock: Pick<Clock, "after">, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  take(name: string, signal: AbortSignal | undefined): SendPlace | null | Promise<SendPlace | null> {
    if (this.#isClosed || signal?.aborted === true) return null;
    const receiver = this.#find(name);
    // Others of its own that wait came first.
    if (receiver.waiting.size > 0 || !this.#mayBegin(receiver)) return this.#wait(receiver, signal);
    return this.#begin(receiver);
  }

  close(): void {
    this.#isClosed = true;
    for (const receiver of Object.values(this.#waiting).flatMap((each) => [...each])) {
      for (const resolve of receiver.waiting) resolve(null);
      receiver.waiting.clear();
    }
  }

  #find(name: string): Receiver {
    const known = this.#receivers.get(name);
    if (known !== undefined) return known;
    for (const [oldest, { underWay, waiting }] of this.#receivers) {
      if (this.#receivers.size < maxReceivers || underWay + waiting.size > 0) break;
      this.#receivers.delete(oldest);
    }
    const receiver: Receiver = { name, standing: "unknown", underWay: 0, waiting: new Set() };
    this.#receivers.set(name, receiver);
    return receiver;
  }

  #mayBegin({ standing, underWay }: Receiver): boolean {
    return this.#hasRoom(standing, underWay === 0 ? shares[standing] : shareOfMore);
  }

  #hasRoom(standing: Standing, share: number): boolean {
    const { quick, others } = this.#taken;
    return quick + others < this.#max && (standing === "quick" ? quick : others) < share * this.#max;
  }

  #count({ standing }: Receiver, change: number): void {
    this.#taken[standing === "quick" ? "quick" : "others"] += change;
  }

  #begin(receiver: Receiver): SendPlace {
    receiver.underWay++;
    this.#count(receiver, 1);
    let isSlow = false;
    const stopTimer = this.#clock.after(slowAfterMs, () => {
      isSlow = true;
      this.#judge(receiver, "slow");
      this.#admit();
    });
    const free = (): void => {
      stopTimer();
      receiver.underWay--;
      this.#count(receiver, -1);
      if (!isSlow) this.#judge(receiver, "quick");
      // Those who came last are forgotten last.
      this.#receivers.delete(receiver.name);
      this.#receivers.set(receiver.name, receiver);
      this.#admit();
    };
    return { free };
  }

  #judge(receiver: Receiver, standing: Standing): void {
    if (receiver.standing === standing) return;
    this.#count(receiver, -receiver.underWay);
    this.#waiting[receiver.standing].delete(receiver);
    receiver.standing = standing;
    this.#count(receiver, receiver.underWay);
    if (receiver.waiting.size > 0) this.#waiting[standing].add(receiver);
  }

  #wait(receiver: Receiver, signal: AbortSignal | undefined): Promise<SendPlace | null> {
    const { promise, resolve } = Promise.withResolvers<SendPlace | null>();
    const leave = (): void => {
      if (!receiver.waiting.delete(resolve)) return;
      if (receiver.waiting.size === 0) this.#waiting[receiver.standing].delete(receiver);
      resolve(null);
    };
    receiver.waiting.add(resolve);
    this.#waiting[receiver.standing].add(receiver);
    signal?.addEventListener("abort", leave, { once: true });
    return promise.finally(() => signal?.removeEventListener("abort", leave));
  }

  /** One for each receiver in turn, while there is room. */
  #admit(): void {
    for (const standing of ["quick", "unknown", "slow"] as const) {
      const receivers = this.#waiting[standing];
      for (const receiver of receivers) {
        if (!this.#hasRoom(standing, shares[standing])) break;
        const [first] = receiver.waiting;
        if (first === undefined || !this.#mayBegin(receiver)) continue;
        receiver.waiting.delete(first);
        receivers.delete(receiver);
        // Behind the others, where this walk comes to it again.
        if (receiver.waiting.size > 0) receivers.add(receiver);
        first(this.#begin(receiver));
      }
    }
  }
}

export function createSendSlots(clock: Pick<Clock, "after">, max = maxUnderWay): SendSlots {
  return new SharedSlots(clock, max);
}
