// Refused requests and answers, written in batches: no caller waits for the disk, and a flood fills neither the memory
// nor the disk.

import type { Clock } from "../core/clock.ts";
import { type InboundAnswer, type InboundRecord, keptBytes, type Store, type Write } from "../store/store.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import { CountedWarning } from "./counted-warning.ts";
import { RefusalLedger, type RefusalLimits } from "./refusal-ledger.ts";

/** What there is goes to the disk after so long … */
const writeAfterMs = 250;
/** … or when it is this much: of one transaction, a few milliseconds' work, which a webhook that shares it waits for. */
const batchLength = 200;
const batchBytes = 1024 * 1024;
/** What waits for a disk that is slower than those who send. */
const maxWaiting = 4000;
const maxWaitingBytes = 8 * 1024 * 1024;
/** Of all pipelines. */
const keptRefusals: RefusalLimits = { records: 10_000, bytes: 64 * 1024 * 1024 };
const removedAtOnce = 100;
const tellEveryMs = 10_000;

export interface RequestWriterOptions {
  readonly store: Pick<Store, "commit" | "inbound">;
  readonly clock: Pick<Clock, "after">;
  readonly logger: Pick<Logger, "warn">;
  readonly limits?: RefusalLimits;
}

/** What is written of a request after its answer. */
export interface RequestNote {
  readonly id: string;
  readonly answer: InboundAnswer;
  /** The request itself where it began no run: an accepted one is written with its run. */
  readonly refused: InboundRecord | null;
}

interface WaitingNote extends RequestNote {
  readonly bytes: number;
}

export class RequestWriter {
  readonly #options: RequestWriterOptions;
  readonly #lost: CountedWarning;
  #waiting: WaitingNote[] = [];
  #waitingBytes = 0;
  /** Notes that were ever added, and those of them that are written or lost. */
  #added = 0;
  #settled = 0;
  #cancelTimer: (() => void) | null = null;
  #isBusy = false;
  /** One change of the ledger and the disk after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Null: to be read from the store. */
  #ledger: RefusalLedger | null = null;
  #closed = false;

  constructor(options: RequestWriterOptions) {
    this.#options = options;
    const { clock, logger } = options;
    const tell = (requests: number): void => {
      logger.warn("refused webhooks came faster than they could be recorded, or could not be", {
        unrecorded: requests,
      });
    };
    this.#lost = new CountedWarning({ clock, everyMs: tellEveryMs, tell });
  }

  add(note: RequestNote): void {
    // The store is about to be closed.
    if (this.#closed) return;
    const bytes = note.refused === null ? 0 : keptBytes(note.refused.request);
    if (this.#waiting.length >= maxWaiting || this.#waitingBytes + bytes > maxWaitingBytes) {
      if (note.refused !== null) this.#lost.add();
      return;
    }
    this.#waiting.push({ ...note, bytes });
    this.#waitingBytes += bytes;
    this.#added++;
    if (this.#isBusy) return;
    if (this.#isMuch()) void this.#work();
    else this.#cancelTimer ??= this.#options.clock.after(writeAfterMs, () => void this.#work());
  }

  /** Resolves when all that was added before is written, or lost. */
  async flush(): Promise<void> {
    const goal = this.#added;
    while (this.#settled < goal) await this.#inTurn(async () => await this.#writeBatch());
  }

  /** Removes some of those that were received before this time; false where there are none. */
  async removeBefore(at: number): Promise<boolean> {
    return await this.#inTurn(async () => {
      const ids = (await this.#openLedger()).takeBefore(at, removedAtOnce);
      if (ids.length > 0) await this.#commit([{ type: "inbound.remove_refused", ids }]);
      return ids.length > 0;
    });
  }

  /** Writes what there is, and takes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    this.#cancelTimer?.();
    this.#lost.close();
  }

  async #work(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#isBusy = true;
    do await this.#inTurn(async () => await this.#writeBatch());
    while (this.#isMuch());
    this.#isBusy = false;
    if (this.#waiting.length > 0) this.#cancelTimer = this.#options.clock.after(writeAfterMs, () => void this.#work());
  }

  /** Never rejects: nobody is there to be told, but the log. */
  async #writeBatch(): Promise<void> {
    const batch = this.#takeBatch();
    const refused = batch.flatMap((note) => note.refused ?? []);
    try {
      const surplus = refused.length === 0 ? [] : await this.#makeRoom(batch);
      const writes = batch.flatMap(writesOf);
      if (surplus.length > 0) writes.push({ type: "inbound.remove_refused", ids: surplus });
      if (writes.length > 0) await this.#commit(writes);
    } catch {
      this.#lost.add(refused.length);
    }
    this.#settled += batch.length;
  }

  /** The oldest that fit into a batch, but at least one. */
  #takeBatch(): readonly WaitingNote[] {
    let [count, sum] = [0, 0];
    for (const { bytes } of this.#waiting) {
      if (count === batchLength || (count > 0 && sum + bytes > batchBytes)) break;
      sum += bytes;
      count++;
    }
    this.#waitingBytes -= sum;
    return this.#waiting.splice(0, count);
  }

  #isMuch(): boolean {
    return this.#waiting.length >= batchLength || this.#waitingBytes >= batchBytes;
  }

  async #makeRoom(batch: readonly WaitingNote[]): Promise<readonly string[]> {
    const ledger = await this.#openLedger();
    for (const { refused, bytes } of batch) {
      if (refused === null) continue;
      const { id, pipeline, receivedAt } = refused;
      ledger.add({ id, pipeline, receivedAt, bytes });
    }
    return ledger.takeSurplus();
  }

  async #openLedger(): Promise<RefusalLedger> {
    if (this.#ledger !== null) return this.#ledger;
    const ledger = new RefusalLedger(this.#options.limits ?? keptRefusals);
    for (const refusal of await this.#options.store.inbound.refusals()) ledger.add(refusal);
    return (this.#ledger = ledger);
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    try {
      await this.#options.store.commit(writes);
    } catch (thrown) {
      // It has counted what is not there, or no more what is.
      this.#ledger = null;
      throw thrown;
    }
  }

  async #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(action);
    this.#turn = done.catch(() => undefined);
    return await done;
  }
}

function writesOf({ id, answer, refused }: RequestNote): readonly Write[] {
  const written: Write = { type: "inbound.answer", id, answer };
  return refused === null ? [written] : [{ type: "inbound.put", record: refused }, written];
}
