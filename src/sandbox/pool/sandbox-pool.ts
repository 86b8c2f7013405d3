// The pool of sandbox processes: places guests, notices processes that hog or die, and moves the innocent elsewhere.

import { AppError } from "../../core/app-error.ts";
import type { GuestDelivery, GuestSpec } from "../protocol.ts";
import type { GuestListener } from "./guest-listener.ts";
import { PoolMember, type PlacedGuest } from "./pool-member.ts";

export interface SandboxPoolOptions {
  /** Executable and arguments that start a sandbox process. */
  readonly command: readonly string[];
  /** At most, beside the one that stands by; while there is little to do there is one. */
  readonly processes: number;
  readonly onTrouble?: (message: string) => void;
}

/** A guest in a process. */
export interface GuestHandle {
  /**
   * Resolves when the turn of this delivery is done or the guest is gone from here.
   * @param atMs the time from then on, for a guest whose clock is not the real one.
   */
  deliver(delivery: GuestDelivery, atMs?: number): Promise<void>;
  /** Ends the guest here; nothing more is heard of it. */
  close(): void;
}

export interface SandboxPool {
  open(bundle: { readonly hash: string; readonly code: string }, spec: GuestSpec, listener: GuestListener): GuestHandle;
  /** Pids of the processes, for tests and for measuring. */
  readonly pids: readonly number[];
  /** Resolves when every process of the start is ready. @throws {AppError} SANDBOX_FAILED when they do not start. */
  readonly ready: Promise<void>;
  close(): void;
}

const watchEveryMs = 10;
const maxExtraProcesses = 4;
/** What comes every minute shall not start a process each time. */
const retireIdleAfterMs = 90_000;
/** A process that has guests for this long without a pause needs another one beside it. */
const busyAfterMs = 200;
/** Processes may die this often in a row while executing the same run before the run is held responsible. */
const maxDeathsOfGuest = 3;
/** A run of days may well meet three deaths that are no fault of its own. */
const forgetDeathsAfterMs = 60_000;
const maxKnownDeaths = 1000;
const maxFailedStarts = 10;

export function openSandboxPool(options: SandboxPoolOptions): SandboxPool {
  const pool = new Pool(options);
  pool.start();
  return pool;
}

class Pool implements SandboxPool {
  readonly #options: SandboxPoolOptions;
  readonly #members = new Set<PoolMember>();
  /** Guests for which no process takes new ones at the moment. */
  readonly #waiting: PlacedGuest[] = [];
  /** Run id → how many processes in a row died while executing it, and when the latest that counts did. */
  readonly #deaths = new Map<string, { readonly count: number; readonly at: number }>();
  readonly #startup = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setInterval> | null = null;
  #refillTimer: ReturnType<typeof setTimeout> | null = null;
  #nextGuest = 1;
  #failedStarts = 0;
  #closed = false;
  /** The first process starts alone: the first script waits for it, and others would only take its time. */
  #anyStarted = false;

  constructor(options: SandboxPoolOptions) {
    this.#options = options;
  }

  get ready(): Promise<void> {
    return this.#startup.promise;
  }

  get pids(): readonly number[] {
    return [...this.#members].map((member) => member.pid);
  }

  start(): void {
    this.#fill();
    this.#timer = setInterval(() => this.#watch(), watchEveryMs);
    this.#timer.unref();
  }

  open(
    bundle: { readonly hash: string; readonly code: string },
    spec: GuestSpec,
    listener: GuestListener,
  ): GuestHandle {
    const guest: PlacedGuest = {
      id: this.#nextGuest++,
      bundle,
      spec,
      listener,
      member: null,
      closed: false,
      queued: [],
    };
    this.#place(guest);
    return {
      deliver: (delivery, atMs) => {
        if (guest.closed) return Promise.resolve();
        if (guest.member !== null) return guest.member.deliver(guest, delivery, atMs);
        // Not placed yet: what comes meanwhile follows the opening.
        const { promise, resolve } = Promise.withResolvers<void>();
        guest.queued.push({ delivery, atMs, resolve });
        return promise;
      },
      close: () => {
        if (guest.closed) return;
        guest.closed = true;
        this.#deaths.delete(spec.context.runID);
        for (const { resolve } of guest.queued) resolve();
        if (guest.member !== null) guest.member.remove(guest);
        else this.#waiting.splice(this.#waiting.indexOf(guest), 1);
      },
    };
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#refillTimer !== null) clearTimeout(this.#refillTimer);
    for (const member of this.#members) member.kill();
    this.#members.clear();
  }

  #place(guest: PlacedGuest): void {
    this.#waiting.push(guest);
    this.#placeWaiting();
  }

  #placeWaiting(): void {
    while (this.#waiting.length > 0) {
      const member = this.#findMember();
      if (member === null) return;
      // Somebody may wait for the answer of a run that begins; one that is brought back has waited already.
      const fresh = this.#waiting.findIndex(({ spec }) => spec.replay.calls === 0);
      for (const guest of this.#waiting.splice(Math.max(0, fresh), 1)) member.add(guest);
    }
  }

  #findMember(): PoolMember | null {
    let best: PoolMember | null = null;
    for (const member of this.#members) {
      if (member.takesGuests && (best === null || member.load < best.load)) best = member;
    }
    return best;
  }

  /** Keeps the wanted number of responsive processes, within the limit on all of them. */
  #fill(): void {
    if (this.#closed) return;
    const hogs = [...this.#members].filter((member) => member.hogged).length;
    const full = Math.min(this.#responsiveWanted() + hogs, this.#options.processes + maxExtraProcesses);
    const wanted = this.#anyStarted ? full : 1;
    while (this.#members.size < wanted) this.#startMember();
  }

  /** One more than are busy, since a process takes 20 MB; two at least, so that a hog keeps nobody waiting. */
  #responsiveWanted(): number {
    const now = performance.now();
    const isBusy = ({ hogged, busySince }: PoolMember) =>
      !hogged && busySince !== null && now - busySince >= busyAfterMs;
    const busy = [...this.#members].filter(isBusy).length;
    return Math.min(Math.max(busy, 1), this.#options.processes) + 1;
  }

  #startMember(): void {
    const member: PoolMember = new PoolMember(this.#options.command, {
      onReady: () => {
        this.#failedStarts = 0;
        this.#anyStarted = true;
        this.#fill();
        if ([...this.#members].every((each) => each.ready)) this.#startup.resolve();
        this.#placeWaiting();
      },
      onRoom: () => this.#placeWaiting(),
      onExit: (description) => this.#memberExited(member, description),
    });
    this.#members.add(member);
  }

  #memberExited(member: PoolMember, description: string): void {
    if (!this.#members.delete(member)) return;
    this.#options.onTrouble?.(`sandbox process ${member.pid} ${description}`);
    const executing = member.guilty ?? member.executing;
    for (const guest of member.guests) {
      const blamed = guest === executing ? this.#blame(member, guest) : null;
      this.#release(guest, blamed);
    }
    this.#refillAfterDeath(member);
  }

  /** Null where the guest may be executed again; else why not. */
  #blame(member: PoolMember, guest: PlacedGuest): Parameters<GuestListener["onFailed"]> | null {
    if (member.guilty === guest) {
      return ["CPU_LIMIT", "the script computed on without end and could only be stopped with its sandbox process"];
    }
    const runId = guest.spec.context.runID;
    if (this.#deaths.size >= maxKnownDeaths) this.#deaths.clear();
    const earlier = this.#deaths.get(runId);
    // Processes that something kills all at once say nothing about a script that is handed from one to the next.
    if (earlier !== undefined && member.startedAt < earlier.at) return null;
    const isRecent = earlier !== undefined && performance.now() - earlier.at < forgetDeathsAfterMs;
    const count = isRecent ? earlier.count + 1 : 1;
    this.#deaths.set(runId, { count, at: performance.now() });
    if (count < maxDeathsOfGuest) return null;
    this.#deaths.delete(runId);
    return ["SANDBOX_FAILED", `${count} sandbox processes in a row died while they executed this script`];
  }

  #release(guest: PlacedGuest, blamed: Parameters<GuestListener["onFailed"]> | null): void {
    if (guest.closed) return;
    guest.closed = true;
    if (blamed === null) guest.listener.onMoved();
    else guest.listener.onFailed(...blamed);
  }

  #refillAfterDeath(member: PoolMember): void {
    if (member.ready) {
      this.#fill();
      return;
    }
    // A process that never got ready would be started again in a tight loop.
    this.#failedStarts++;
    if (this.#failedStarts >= maxFailedStarts)
      this.#startup.reject(new AppError("SANDBOX_FAILED", "the sandbox processes do not start"));
    if (this.#refillTimer !== null) return;
    const delayMs = Math.min(50 * 2 ** this.#failedStarts, 10_000);
    this.#refillTimer = setTimeout(() => {
      this.#refillTimer = null;
      this.#fill();
    }, delayMs);
  }

  #watch(): void {
    const now = performance.now();
    for (const member of this.#members) member.watch(now);
    this.#fill();
    this.#spreadInnocent();
    this.#retire(now);
    this.#placeWaiting();
  }

  /** Moves the guests that wait behind a hog, once there is a process that has time for them. */
  #spreadInnocent(): void {
    const responsive = [...this.#members].some((member) => member.takesGuests);
    if (!responsive) return;
    for (const member of this.#members) {
      if (!member.hogged) continue;
      for (const guest of member.letInnocentGo()) this.#release(guest, null);
    }
  }

  /** Ends processes that hogs or many guests made necessary, once they are gone. */
  #retire(now: number): void {
    const spare = [...this.#members].filter((member) => member.ready && !member.hogged);
    let excess = spare.length - this.#responsiveWanted();
    for (const member of spare) {
      if (excess <= 0) return;
      if (member.guests.size > 0 || now - member.idleSince < retireIdleAfterMs) continue;
      this.#members.delete(member);
      member.kill();
      excess--;
    }
  }
}
