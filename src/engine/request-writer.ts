// Refused requests and answers, written in batches: no caller waits for the disk, and a flood fills neither the memory
// nor the disk.

import type { Clock } from "../core/clock.ts";
import type { InboundAnswer, InboundRecord, Store, Write } from "../store/store.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import { CountedWarning } from "./counted-warning.ts";
import { RefusalLedger, type RefusalLimits } from "./refusal-ledger.ts";
import { type QueueLimits, type RequestNote, RequestQueue, type WaitingNote } from "./request-queue.ts";

/** What there is goes to the disk after so long … */
const writeAfterMs = 250;
/** … or when it is this much: of one transaction, a few milliseconds' work, which a webhook that shares it waits for. */
const batchLength = 200;
const batchBytes = 1024 * 1024;
/** What waits for a disk that is slower than those who send. */
const maxWaiting: QueueLimits = { records: 4000, bytes: 8 * 1024 * 1024 };
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

export class RequestWriter {
  readonly #options: RequestWriterOptions;
  readonly #lost: CountedWarning;
  readonly #lostAnswers: CountedWarning;
  readonly #queue = new RequestQueue(maxWaiting);
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
    const warn = (message: string) => (unrecorded: number) => logger.warn(message, { unrecorded });
    const tell = warn("refused webhooks came faster than they could be recorded, or could not be");
    this.#lost = new CountedWarning({ clock, everyMs: tellEveryMs, tell });
    const tellAnswers = warn("what webhooks were answered whose runs began could not be recorded");
    this.#lostAnswers = new CountedWarning({ clock, everyMs: tellEveryMs, tell: tellAnswers });
  }

  /** What was answered to a request that is on record with its run. */
  addAnswer(pipeline: string, id: string, answer: InboundAnswer): void {
    this.#add({ pipeline, id, answer, refused: null });
  }

  /** A request that began no run, of about so many bytes. In a flood its record, which takes work, is not made. */
  addRefused(pipeline: string, aboutBytes: number, answer: InboundAnswer, makeRecord: () => InboundRecord): void {
    if (this.#closed) return;
    if (!this.#queue.hasRoom(pipeline, aboutBytes)) {
      this.#lost.add();
      return;
    }
    const refused = makeRecord();
    this.#add({ pipeline, id: refused.id, answer, refused });
  }

  #add(note: RequestNote): void {
    // The store is about to be closed.
    if (this.#closed) return;
    const lost = this.#queue.add(note);
    if (lost > 0) this.#lost.add(lost);
    if (this.#isBusy) return;
    if (this.#isMuch()) void this.#work();
    else this.#cancelTimer ??= this.#options.clock.after(writeAfterMs, () => void this.#work());
  }

  /** Resolves when all that was added before is written, or lost. */
  async flush(): Promise<void> {
    const goal = this.#queue.added;
    while ((this.#queue.first?.number ?? Number.POSITIVE_INFINITY) <= goal) {
      await this.#inTurn(async () => await this.#writeBatch());
    }
    // What was taken last may be under way.
    await this.#turn;
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
    this.#lostAnswers.close();
  }

  async #work(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#isBusy = true;
    do await this.#inTurn(async () => await this.#writeBatch());
    while (this.#isMuch());
    this.#isBusy = false;
    if (this.#queue.length > 0) this.#cancelTimer = this.#options.clock.after(writeAfterMs, () => void this.#work());
  }

  /** Never rejects: nobody is there to be told, but the log. */
  async #writeBatch(): Promise<void> {
    const batch = this.#queue.take(batchLength, batchBytes);
    const refused = batch.flatMap((note) => note.refused ?? []);
    try {
      const surplus = refused.length === 0 ? [] : await this.#makeRoom(batch);
      const writes = batch.flatMap(writesOf);
      if (surplus.length > 0) writes.push({ type: "inbound.remove_refused", ids: surplus });
      if (writes.length > 0) await this.#commit(writes);
    } catch {
      if (refused.length > 0) this.#lost.add(refused.length);
      if (batch.length > refused.length) this.#lostAnswers.add(batch.length - refused.length);
    }
  }

  #isMuch(): boolean {
    return this.#queue.length >= batchLength || this.#queue.bytes >= batchBytes;
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
