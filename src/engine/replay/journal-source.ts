// The records of a journal as a replay asks for them: by the number of a call, and delivery by delivery.

import { AppError } from "../../core/app-error.ts";
import type {
  CallRecord,
  DeliveryRecord,
  JournalHead,
  JournalRecord,
  ObservedRecord,
} from "../../core/journal-record.ts";

export class JournalSource {
  readonly head: JournalHead;
  readonly observed: readonly ObservedRecord[];
  readonly #records: AsyncIterator<JournalRecord>;
  /** Read ahead; each is kept until it is of no use any more. */
  readonly #calls = new Map<number, CallRecord>();
  readonly #deliveries: DeliveryRecord[] = [];
  #isRead = false;

  private constructor(head: JournalHead, observed: readonly ObservedRecord[], rest: AsyncIterator<JournalRecord>) {
    this.head = head;
    this.observed = observed;
    this.#records = rest;
  }

  /** @throws {AppError} VALIDATION_FAILED when it is no journal, and what reading throws. */
  static async open(journal: AsyncIterable<JournalRecord>): Promise<JournalSource> {
    const records = journal[Symbol.asyncIterator]();
    const first = await records.next();
    if (first.done === true || first.value.type !== "run") throw notWhole("does not begin with its run");
    const observed: ObservedRecord[] = [];
    for (;;) {
      const { done, value } = await records.next();
      if (done === true) throw notWhole("has no end");
      if (value.type === "observed") {
        observed.push(value);
        continue;
      }
      const source = new JournalSource(first.value, observed, records);
      source.#keep(value);
      return source;
    }
  }

  /** The record of a call; undefined where the run made none of this number. */
  async findCall(number: number): Promise<CallRecord | undefined> {
    while (!this.#calls.has(number) && !this.#isRead) await this.#readOn();
    return this.#calls.get(number);
  }

  /** The next delivery; null at the end. */
  async nextDelivery(): Promise<DeliveryRecord | null> {
    while (this.#deliveries.length === 0 && !this.#isRead) await this.#readOn();
    return this.#deliveries.shift() ?? null;
  }

  /** Lets go of a call that has been delivered, or needs no delivery. */
  forget(number: number): void {
    this.#calls.delete(number);
  }

  /** The calls that nobody has asked for, once all deliveries are. */
  async leftCalls(): Promise<readonly CallRecord[]> {
    while (!this.#isRead) await this.#readOn();
    return [...this.#calls.values()];
  }

  async close(): Promise<void> {
    await this.#records.return?.();
  }

  async #readOn(): Promise<void> {
    const { done, value } = await this.#records.next();
    if (done === true) throw notWhole("has no end");
    this.#keep(value);
  }

  #keep(record: JournalRecord): void {
    if (record.type === "call") this.#calls.set(record.number, record);
    else if (record.type === "delivery") this.#deliveries.push(record);
    else if (record.type === "end") this.#isRead = true;
  }
}

function notWhole(what: string): AppError {
  return new AppError("VALIDATION_FAILED", `what was read is no whole journal: it ${what}`, {
    hint: "try it again; the connection may have been cut",
  });
}
