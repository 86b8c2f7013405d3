// The main loop of a sandbox process: messages of the control process in their order, one at a time.

import { readAnswerLine, writeLine } from "../channel/blocking-pipe.ts";
import { createPieceReceiver, type Piece } from "../channel/pieces.ts";
import { createInstancePool, type InstancePool } from "../instance/instance-pool.ts";
import type { QuickJSInstance } from "../instance/quickjs-instance.ts";
import type { Answer, ToSandbox } from "../protocol.ts";
import { Guest, type GuestSurroundings } from "./guest.ts";

export interface ServeGuestsOptions {
  readonly language: GuestSurroundings["language"];
  /** Subscribes to the pieces of the control process's messages. */
  readonly onPiece: (listener: (piece: Piece) => void) => void;
}

const defaultMemoryBytes = 64 * 1024 * 1024;
/** Acknowledging every message would double the traffic; the sender's window holds four of these. */
const acknowledgeLength = 64 * 1024;
/** Messages that have arrived are looked at this often: one of them may make those that wait needless. */
const lookUpAfterMs = 5;

/** Serves for the life of the process. */
export async function serveGuests(options: ServeGuestsOptions): Promise<void> {
  const host = new GuestHost(options.language);
  await host.prepare();
  const queue: ToSandbox[] = [];
  let wake: (() => void) | null = null;
  let unacknowledged = 0;
  const assemble = createPieceReceiver<ToSandbox>((message) => {
    if (message.type === "close") host.noteClosing(message.guest);
    queue.push(message);
    wake?.();
  });
  options.onPiece((piece) => {
    assemble(piece);
    unacknowledged += piece[1].length;
    if (unacknowledged < acknowledgeLength) return;
    writeLine({ type: "received", length: unacknowledged });
    unacknowledged = 0;
  });
  Bun.gc(true);
  writeLine({ type: "ready" });
  let lookedUpAt = performance.now();
  for (;;) {
    const next = queue.shift();
    if (next === undefined) {
      await new Promise<void>((resolve) => (wake = resolve));
      wake = null;
      lookedUpAt = performance.now();
    } else {
      await host.handle(next);
      if (performance.now() - lookedUpAt < lookUpAfterMs) continue;
      await new Promise<void>((resolve) => setImmediate(resolve));
      lookedUpAt = performance.now();
    }
  }
}

interface OpenGuest {
  readonly guest: Guest;
  readonly instance: QuickJSInstance;
}

class GuestHost {
  readonly #instances: InstancePool = createInstancePool();
  readonly #sources = new Map<string, string>();
  readonly #guests = new Map<number, OpenGuest>();
  /** Guests whose `close` has arrived, but not had its turn: what waits for them is not worth doing. */
  readonly #closing = new Set<number>();
  readonly #around: GuestSurroundings;

  constructor(language: GuestSurroundings["language"]) {
    this.#around = {
      send: writeLine,
      readAnswer: () => JSON.parse(readAnswerLine()) as Answer,
      language,
      now: Date.now,
      randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      cpuNow: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1000;
      },
    };
  }

  /** Makes an instance ready before the first run: a process that stands by must answer at once. */
  async prepare(): Promise<void> {
    this.#instances.give(await this.#instances.create(defaultMemoryBytes), true);
  }

  noteClosing(guest: number): void {
    this.#closing.add(guest);
  }

  async handle(message: ToSandbox): Promise<void> {
    switch (message.type) {
      case "source":
        this.#sources.set(message.hash, message.code);
        return;
      case "forget":
        this.#sources.delete(message.hash);
        return;
      case "open":
        await this.#open(message);
        return;
      case "deliver": {
        const open = this.#closing.has(message.guest) ? undefined : this.#guests.get(message.guest);
        if (open === undefined) this.#skip(message.guest);
        else open.guest.deliver(message.delivery, message.atMs);
        return;
      }
      case "close":
        this.#closing.delete(message.guest);
        this.#release(message.guest);
    }
  }

  async #open({ guest: id, spec }: Extract<ToSandbox, { readonly type: "open" }>): Promise<void> {
    if (this.#closing.has(id)) {
      this.#skip(id);
      return;
    }
    const { memoryBytes } = spec.limits;
    const instance = this.#instances.takeIdle(memoryBytes) ?? (await this.#createFor(id, memoryBytes));
    const guest = new Guest(id, spec, instance, this.#around);
    this.#guests.set(id, { guest, instance });
    guest.open(this.#sources.get(spec.bundleHash) ?? "");
    // Most runs settle in their first turn: their instance serves the next one without waiting for `close`.
    if (guest.finished) this.#release(id);
  }

  /** Making an instance is no doing of the guest: its time begins when that is done. */
  async #createFor(guest: number, memoryBytes: number): Promise<QuickJSInstance> {
    writeLine({ type: "preparing", guest });
    const instance = await this.#instances.create(memoryBytes);
    writeLine({ type: "begun", guest });
    return instance;
  }

  /** Every delivery is answered by a turn, also one to a guest that is gone. */
  #skip(guest: number): void {
    writeLine({
      type: "turn",
      guest,
      done: true,
      calls: [],
      console: [],
      observed: null,
      end: null,
      cpuMs: 0,
    });
  }

  #release(id: number): void {
    const open = this.#guests.get(id);
    this.#guests.delete(id);
    if (open !== undefined) this.#instances.give(open.instance, open.guest.clean);
  }
}
