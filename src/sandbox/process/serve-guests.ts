// The main loop of a sandbox process: messages of the control process in their order, one at a time.

import { readAnswerLine, writeLine } from "../channel/blocking-pipe.ts";
import { createPieceReceiver, type Piece } from "../channel/pieces.ts";
import { createInstancePool } from "../instance/instance-pool.ts";
import type { QuickJSInstance } from "../instance/quickjs-instance.ts";
import type { Answer, FromSandbox, ToSandbox } from "../protocol.ts";
import { Guest, type GuestSurroundings } from "./guest.ts";

const maxIdleInstances = 8;
const defaultMemoryBytes = 64 * 1024 * 1024;
/** Acknowledging every message would double the traffic; the sender's window holds four of these. */
const acknowledgeLength = 64 * 1024;

export interface ServeGuestsOptions {
  readonly evaluateCondition: GuestSurroundings["evaluateCondition"];
  /** Subscribes to the pieces of the control process's messages. */
  readonly onPiece: (listener: (piece: Piece) => void) => void;
}

/** Every delivery is answered by a turn, also one to a guest that is gone. */
function emptyTurn(guest: number): FromSandbox {
  return { type: "turn", guest, done: true, calls: [], console: [], observed: null, end: null, cpuMs: 0 };
}

interface OpenGuest {
  readonly guest: Guest;
  readonly instance: QuickJSInstance;
}

/** Serves for the life of the process. */
export async function serveGuests(options: ServeGuestsOptions): Promise<void> {
  const instances = createInstancePool(maxIdleInstances);
  const sources = new Map<string, string>();
  const guests = new Map<number, OpenGuest>();
  const around: GuestSurroundings = {
    send: writeLine,
    readAnswer: () => JSON.parse(readAnswerLine()) as Answer,
    evaluateCondition: options.evaluateCondition,
    now: Date.now,
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    cpuNow: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
  };

  const release = (id: number): void => {
    const open = guests.get(id);
    guests.delete(id);
    if (open !== undefined) instances.give(open.instance, open.guest.clean);
  };

  const handle = async (message: ToSandbox): Promise<void> => {
    if (message.type === "source") sources.set(message.hash, message.code);
    else if (message.type === "forget") sources.delete(message.hash);
    else if (message.type === "open") {
      const instance = await instances.take(message.spec.limits.memoryBytes);
      const guest = new Guest(message.guest, message.spec, instance, around);
      guests.set(message.guest, { guest, instance });
      guest.open(sources.get(message.spec.bundleHash) ?? "");
      // Most runs settle in their first turn: their instance serves the next one without waiting for `close`.
      if (guest.finished) release(message.guest);
    } else if (message.type === "deliver") {
      const open = guests.get(message.guest);
      if (open === undefined) writeLine(emptyTurn(message.guest));
      else open.guest.deliver(message.delivery);
    } else release(message.guest);
  };

  // An instance ready before the first run: a stand-by process must answer at once.
  instances.give(await instances.take(defaultMemoryBytes), true);
  const queue: ToSandbox[] = [];
  let wake: (() => void) | null = null;
  let unacknowledged = 0;
  const assemble = createPieceReceiver<ToSandbox>((message) => {
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
  writeLine({ type: "ready" });
  for (;;) {
    const next = queue.shift();
    if (next !== undefined) await handle(next);
    else {
      await new Promise<void>((resolve) => (wake = resolve));
      wake = null;
    }
  }
}
