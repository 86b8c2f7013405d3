// Requests that wait for the disk, oldest first: those that anybody can send are bounded, and of them a flood of one
// pipeline's makes room for another's.

import { type InboundAnswer, type InboundRecord, keptBytes } from "../store/store.ts";

/** What is written of a request after its answer. */
export interface RequestNote {
  readonly id: string;
  readonly pipeline: string;
  readonly answer: InboundAnswer;
  /** The request itself where it began no run: an accepted one is written with its run. */
  readonly refused: InboundRecord | null;
}

export interface WaitingNote extends RequestNote {
  /** In the order in which they came. */
  readonly number: number;
  readonly bytes: number;
}

export interface QueueLimits {
  readonly records: number;
  readonly bytes: number;
}

/** Of one pipeline: refused requests that wait. */
interface Share {
  readonly records: number;
  readonly bytes: number;
}

const noShare: Share = { records: 0, bytes: 0 };

export class RequestQueue {
  readonly #limits: QueueLimits;
  readonly #shares = new Map<string, Share>();
  #waiting: WaitingNote[] = [];
  #records = 0;
  #bytes = 0;
  #added = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get first(): WaitingNote | undefined {
    return this.#waiting[0];
  }

  /** The number of the newest that was ever added. */
  get added(): number {
    return this.#added;
  }

  /** Whether a refused request of this pipeline, of so many bytes, would be taken. */
  hasRoom(pipeline: string, bytes: number): boolean {
    const { records, bytes: ofPipeline } = this.#shares.get(pipeline) ?? noShare;
    const fits = this.#records < this.#limits.records || records + 1 < this.#largest("records")[1];
    const bytesFit = this.#bytes + bytes <= this.#limits.bytes || ofPipeline + bytes < this.#largest("bytes")[1];
    return fits && bytesFit;
  }

  /** How many were lost for it, itself included. Accepted ones are as many as runs begin, so they always fit. */
  add(note: RequestNote): number {
    const { pipeline, refused } = note;
    const bytes = refused === null ? 0 : keptBytes(refused.request);
    let lost = 0;
    if (refused !== null) {
      while (this.#isFull(bytes)) {
        if (!this.hasRoom(pipeline, bytes)) return lost + 1;
        this.#dropOne(this.#largest(this.#records >= this.#limits.records ? "records" : "bytes")[0]);
        lost++;
      }
    }
    this.#waiting.push({ ...note, number: ++this.#added, bytes });
    if (refused !== null) this.#count(pipeline, 1, bytes);
    return lost;
  }

  /** The oldest, at most so many and so much, but at least one where there is one. */
  take(maxLength: number, maxBytes: number): readonly WaitingNote[] {
    let [count, sum] = [0, 0];
    for (const { bytes } of this.#waiting) {
      if (count === maxLength || (count > 0 && sum + bytes > maxBytes)) break;
      sum += bytes;
      count++;
    }
    const taken = this.#waiting.splice(0, count);
    for (const note of taken) this.#forget(note);
    return taken;
  }

  #isFull(bytes: number): boolean {
    return this.#records >= this.#limits.records || this.#bytes + bytes > this.#limits.bytes;
  }

  /** The newest of a pipeline's: its oldest tell how it began. */
  #dropOne(pipeline: string): void {
    const index = this.#waiting.findLastIndex((note) => note.refused !== null && note.pipeline === pipeline);
    for (const note of this.#waiting.splice(index, 1)) this.#forget(note);
  }

  #forget({ pipeline, refused, bytes }: WaitingNote): void {
    if (refused !== null) this.#count(pipeline, -1, -bytes);
  }

  #count(pipeline: string, records: number, bytes: number): void {
    const share = this.#shares.get(pipeline) ?? noShare;
    const changed = { records: share.records + records, bytes: share.bytes + bytes };
    if (changed.records === 0) this.#shares.delete(pipeline);
    else this.#shares.set(pipeline, changed);
    this.#records += records;
    this.#bytes += bytes;
  }

  #largest(by: keyof Share): readonly [pipeline: string, size: number] {
    let largest: readonly [string, number] = ["", 0];
    for (const [pipeline, share] of this.#shares) if (share[by] > largest[1]) largest = [pipeline, share[by]];
    return largest;
  }
}
