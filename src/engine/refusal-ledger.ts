// Which refused requests are on record, and which have to go for others: anybody can send them, so they are bounded.

import type { Refusal } from "../store/store.ts";

export interface RefusalLimits {
  readonly records: number;
  readonly bytes: number;
}

/** Those of one pipeline, oldest first. */
class Shelf {
  readonly #refusals: Refusal[] = [];
  /** What is before it has gone. */
  #start = 0;
  #bytes = 0;

  get oldest(): Refusal | undefined {
    return this.#refusals[this.#start];
  }

  get records(): number {
    return this.#refusals.length - this.#start;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(refusal: Refusal): void {
    this.#refusals.push(refusal);
    this.#bytes += refusal.bytes;
  }

  takeOldest(): Refusal | undefined {
    const { oldest } = this;
    if (oldest === undefined) return undefined;
    this.#start++;
    this.#bytes -= oldest.bytes;
    if (this.#start > 1000 && this.#start > this.#refusals.length / 2) {
      this.#refusals.splice(0, this.#start);
      this.#start = 0;
    }
    return oldest;
  }
}

export class RefusalLedger {
  readonly #limits: RefusalLimits;
  readonly #shelves = new Map<string, Shelf>();
  #records = 0;
  #bytes = 0;

  constructor(limits: RefusalLimits) {
    this.#limits = limits;
  }

  /** The newest there is. */
  add(refusal: Refusal): void {
    const shelf = this.#shelves.get(refusal.pipeline) ?? new Shelf();
    this.#shelves.set(refusal.pipeline, shelf);
    shelf.add(refusal);
    this.#records++;
    this.#bytes += refusal.bytes;
  }

  /**
   * Lets those go that are too many, and names them: the oldest of the pipeline that has the most of what there is too
   * much of, so that a flood of one pipeline's takes no other's away.
   */
  takeSurplus(): readonly string[] {
    const gone: string[] = [];
    while (this.#records > this.#limits.records) gone.push(...this.#takeOfLargest(({ records }) => records));
    while (this.#bytes > this.#limits.bytes) gone.push(...this.#takeOfLargest(({ bytes }) => bytes));
    return gone;
  }

  /** Lets some go that were received before this time, and names them. */
  takeBefore(at: number, limit: number): readonly string[] {
    const gone: string[] = [];
    for (const shelf of this.#shelves.values()) {
      while (gone.length < limit && (shelf.oldest?.receivedAt ?? at) < at) gone.push(...this.#take(shelf));
    }
    return gone;
  }

  #takeOfLargest(sizeOf: (shelf: Shelf) => number): readonly string[] {
    const shelves = [...this.#shelves.values()];
    return this.#take(shelves.reduce((largest, shelf) => (sizeOf(shelf) > sizeOf(largest) ? shelf : largest)));
  }

  #take(shelf: Shelf): readonly string[] {
    const refusal = shelf.takeOldest();
    if (refusal === undefined) return [];
    this.#records--;
    this.#bytes -= refusal.bytes;
    if (shelf.oldest === undefined) this.#shelves.delete(refusal.pipeline);
    return [refusal.id];
  }
}
