// One process of the pool with its guests and the queue of turns it owes.

import type { Answer, GuestDelivery, GuestSpec } from "../protocol.ts";
import type { GuestListener } from "./guest-listener.ts";
import { type ProcessMessage, SandboxProcess } from "./sandbox-process.ts";

export interface PlacedGuest {
  readonly id: number;
  readonly bundle: { readonly hash: string; readonly code: string };
  readonly spec: GuestSpec;
  readonly listener: GuestListener;
  member: PoolMember | null;
  closed: boolean;
  /** Deliveries made before there was a process to take them. */
  readonly queued: {
    readonly delivery: GuestDelivery;
    readonly atMs: number | undefined;
    readonly resolve: () => void;
  }[];
}

/** A turn the process owes, in the order it was asked for: the first is the one being executed. */
interface OwedTurn {
  readonly guest: PlacedGuest;
  /** The first one, in which the guest is made. */
  readonly isOpening: boolean;
  readonly resolve: () => void;
}

const maxSources = 200;
/**
 * Guests that a process may have to make at one time: enough to keep it busy, few enough for the next one to be made
 * soon. The others wait outside, where one that a caller waits for can go before those that are brought back.
 */
const maxOpening = 8;
/** A guest that does not yield for this long has its process to itself. */
const hogAfterMs = 50;
/** From here on its CPU time is looked at: on a busy machine a turn may take long without computing much. */
const lookAfterMs = 20;
/** The guest's own limit ends it first; this is for code that never comes back to where limits are checked. */
const killMarginMs = 500;
const stoppedAfterMs = 2000;
const startTimeoutMs = 15_000;

export class PoolMember {
  readonly guests = new Set<PlacedGuest>();
  ready = false;
  /** The guest being executed does not yield. */
  hogged = false;
  /** The guest this process was killed for. */
  guilty: PlacedGuest | null = null;
  readonly startedAt = performance.now();
  idleSince = performance.now();
  /** Since when it has had guests without a pause; null while it has none. */
  busySince: number | null = null;
  readonly #process: SandboxProcess;
  readonly #onRoom: () => void;
  readonly #byId = new Map<number, PlacedGuest>();
  readonly #owed: OwedTurn[] = [];
  #opening = 0;
  readonly #sources = new Set<string>();
  #headSince = 0;
  #headCpuMs: number | null = null;
  /** Whose synchronous call has not been answered yet: waiting for us is no hogging. */
  #asking: PlacedGuest | null = null;
  /** An instance is being made for the turn that is owed next. */
  #preparing = false;
  #retiring = false;

  constructor(
    command: readonly string[],
    events: {
      readonly onReady: () => void;
      /** It takes guests again, perhaps. */
      readonly onRoom: () => void;
      readonly onExit: (description: string) => void;
    },
  ) {
    this.#onRoom = events.onRoom;
    this.#process = new SandboxProcess(command, {
      onMessage: (message) => {
        if (message.type === "ready") {
          this.ready = true;
          events.onReady();
        } else this.#onMessage(message);
      },
      onExit: (description) => {
        events.onExit(description);
        for (const { resolve } of this.#owed.splice(0)) resolve();
      },
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  get takesGuests(): boolean {
    return this.ready && !this.hogged && !this.#retiring && this.#opening < maxOpening;
  }

  /** What placing compares: a process that owes turns answers later than one that merely holds guests. */
  get load(): number {
    return this.#owed.length * 1000 + this.guests.size;
  }

  get executing(): PlacedGuest | null {
    return this.#owed[0]?.guest ?? null;
  }

  add(guest: PlacedGuest): void {
    guest.member = this;
    this.guests.add(guest);
    this.busySince ??= performance.now();
    this.#byId.set(guest.id, guest);
    const { hash, code } = guest.bundle;
    if (!this.#sources.has(hash)) {
      const oldest = this.#sources.size >= maxSources ? this.#sources.values().next().value : undefined;
      if (oldest !== undefined) {
        this.#sources.delete(oldest);
        this.#process.send({ type: "forget", hash: oldest });
      }
      this.#sources.add(hash);
      this.#process.send({ type: "source", hash, code });
    }
    this.#opening++;
    this.#owe({ guest, isOpening: true, resolve: () => {} });
    this.#process.send({ type: "open", guest: guest.id, spec: guest.spec });
    for (const { delivery, atMs, resolve } of guest.queued.splice(0)) {
      void this.deliver(guest, delivery, atMs).then(resolve);
    }
  }

  deliver(guest: PlacedGuest, delivery: GuestDelivery, atMs?: number): Promise<void> {
    return new Promise((resolve) => {
      this.#owe({ guest, isOpening: false, resolve });
      const message = { type: "deliver", guest: guest.id, delivery } as const;
      this.#process.send(atMs === undefined ? message : { ...message, atMs });
    });
  }

  remove(guest: PlacedGuest): void {
    this.guests.delete(guest);
    if (this.guests.size === 0) {
      this.idleSince = performance.now();
      this.busySince = null;
    }
    // Whoever waits for its turns need not wait for a process that may be busy with another guest.
    let owes = false;
    for (const owed of this.#owed) {
      if (owed.guest !== guest) continue;
      owes = true;
      owed.resolve();
    }
    if (!owes) this.#byId.delete(guest.id);
    this.#process.send({ type: "close", guest: guest.id });
    // Its process waits for an answer that nobody needs any more.
    if (this.#asking === guest) this.#answer({ ok: false, error: gone });
  }

  kill(): void {
    this.#process.kill();
  }

  /** Looks after the turn being executed: notices a hog, and ends what cannot be waited for. */
  watch(now: number): void {
    if (!this.ready) {
      this.#watchStart(now);
      return;
    }
    const head = this.#owed[0];
    if (head === undefined) return;
    const sinceMs = now - this.#headSince;
    if (sinceMs > stoppedAfterMs && this.#process.isStopped()) this.#process.kill();
    if (this.#asking !== null || this.#preparing || sinceMs < lookAfterMs) return;
    this.#headCpuMs ??= this.#process.cpuMs();
    if (sinceMs < hogAfterMs) return;
    const usedMs = this.#process.cpuMs() - this.#headCpuMs;
    if (usedMs > head.guest.spec.limits.cpuPerDeliveryMs + killMarginMs) {
      this.guilty = head.guest;
      this.#process.kill();
    } else if (!this.hogged && usedMs >= hogAfterMs - lookAfterMs) {
      this.hogged = true;
      this.#process.yieldToOthers(true);
    }
  }

  /** A process that does not get ready is replaced. */
  #watchStart(now: number): void {
    const sinceMs = now - this.startedAt;
    if (sinceMs > startTimeoutMs || (sinceMs > stoppedAfterMs && this.#process.isStopped())) this.#process.kill();
  }

  /** The guests that do nothing but wait behind the hog; they are let go of here. */
  letInnocentGo(): readonly PlacedGuest[] {
    const innocent = [...this.guests].filter((guest) => guest !== this.executing);
    for (const guest of innocent) this.remove(guest);
    return innocent;
  }

  #owe(turn: OwedTurn): void {
    if (this.#owed.push(turn) === 1) this.#headStarts();
  }

  #headStarts(): void {
    this.#headSince = performance.now();
    this.#headCpuMs = null;
  }

  #onMessage(message: Exclude<ProcessMessage, { readonly type: "ready" }>): void {
    const guest = this.#byId.get(message.guest);
    if (message.type === "preparing" || message.type === "begun") {
      this.#preparing = message.type === "preparing";
      this.#headStarts();
      return;
    }
    if (message.type === "ask") {
      if (guest === undefined || guest.closed) this.#answer({ ok: false, error: gone });
      else this.#ask(guest, message.call);
      return;
    }
    if (message.done) this.#turnDone();
    if (guest === undefined || guest.closed) return;
    try {
      guest.listener.onTurn(message);
    } catch (thrown) {
      guest.listener.onFailed("SANDBOX_FAILED", `its messages could not be understood: ${String(thrown)}`);
    }
  }

  #turnDone(): void {
    const done = this.#owed.shift();
    done?.resolve();
    this.#headStarts();
    if (done !== undefined && done.guest.closed && !this.#owed.some(({ guest }) => guest === done.guest)) {
      this.#byId.delete(done.guest.id);
    }
    if (this.hogged) this.#recover();
    if (done?.isOpening !== true) return;
    this.#opening--;
    this.#onRoom();
  }

  /** The hog has yielded: the process takes guests again, unless its priority cannot be given back. */
  #recover(): void {
    this.hogged = false;
    if (!this.#process.yieldToOthers(false)) this.#retiring = true;
    if (this.#retiring && this.guests.size === 0) this.#process.kill();
  }

  #ask(guest: PlacedGuest, call: Parameters<GuestListener["onAsk"]>[0]): void {
    this.#asking = guest;
    const answer = (given: Answer): void => {
      if (this.#asking === guest) this.#answer(given);
    };
    void guest.listener.onAsk(call).then(answer, () => answer({ ok: false, error: gone }));
  }

  #answer(answer: Answer): void {
    this.#asking = null;
    this.#headStarts();
    this.#process.answer(answer);
  }
}

const gone = { code: "INTERNAL", message: "the run has ended" } as const;
