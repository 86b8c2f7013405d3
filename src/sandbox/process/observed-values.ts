// The clock and the random values a guest sees: made here, recorded, and given again in the same order in replay.

import type { ObservedValues } from "../protocol.ts";

/** A change of the clock as JSON, about. */
const clockChangeLength = 24;

export class ObservedValueSource {
  readonly #now: () => number;
  readonly #randomBytes: (count: number) => Uint8Array;
  readonly #recordedChanges = new Map<number, number>();
  readonly #recordedRandom: string[] = [];
  #recordedReads = 0;
  #reads = 0;
  #lastMs = Number.NaN;
  #randomCount = 0;
  #reportedReads = 0;
  #newChanges: (readonly [number, number])[] = [];
  #newRandom: string[] = [];
  #length = 0;

  constructor(recorded: readonly ObservedValues[], now: () => number, randomBytes: (count: number) => Uint8Array) {
    this.#now = now;
    this.#randomBytes = randomBytes;
    for (const { clockReads, clockChanges, random } of recorded) {
      this.#recordedReads = clockReads;
      for (const [read, atMs] of clockChanges) this.#recordedChanges.set(read, atMs);
      this.#recordedRandom.push(...random);
    }
    this.#reportedReads = this.#recordedReads;
  }

  /** About how long the record of what was seen live has become. */
  get length(): number {
    return this.#length;
  }

  /** Milliseconds since the Unix epoch, whole. */
  readClock(): number {
    const read = ++this.#reads;
    if (read <= this.#recordedReads) {
      this.#lastMs = this.#recordedChanges.get(read) ?? this.#lastMs;
      return this.#lastMs;
    }
    const now = Math.trunc(this.#now());
    if (now !== this.#lastMs) {
      this.#lastMs = now;
      this.#newChanges.push([read, now]);
      this.#length += clockChangeLength;
    }
    return now;
  }

  /** Random bytes as base64. */
  random(count: number): string {
    const recorded = this.#recordedRandom[this.#randomCount++];
    if (recorded !== undefined) return recorded;
    const made = Buffer.from(this.#randomBytes(count)).toString("base64");
    this.#newRandom.push(made);
    this.#length += made.length;
    return made;
  }

  /** What was seen since the last call of this, or null. */
  takeNew(): ObservedValues | null {
    if (this.#reads <= this.#reportedReads && this.#newRandom.length === 0) return null;
    const clockReads = Math.max(this.#reads, this.#reportedReads);
    const taken = { clockReads, clockChanges: this.#newChanges, random: this.#newRandom };
    this.#reportedReads = clockReads;
    this.#newChanges = [];
    this.#newRandom = [];
    return taken;
  }
}
