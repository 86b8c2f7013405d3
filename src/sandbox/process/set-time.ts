// The clock and the random bytes of a guest that is only tried out: nothing of the real world is in them.

export class SetTime {
  readonly #seed: string;
  #atMs: number;
  #drawn = 0;

  constructor(atMs: number, seed: string) {
    this.#atMs = atMs;
    this.#seed = seed;
  }

  set(atMs: number): void {
    this.#atMs = atMs;
  }

  /** Milliseconds since the Unix epoch. */
  readonly now = (): number => this.#atMs;

  /** The same bytes in the same order for the same seed. */
  readonly randomBytes = (count: number): Uint8Array => {
    const bytes = new Uint8Array(count);
    for (let filled = 0; filled < count; filled += 32) {
      const block = new Bun.CryptoHasher("sha256").update(`${this.#seed}#${++this.#drawn}`).digest();
      bytes.set(block.subarray(0, Math.min(block.length, count - filled)), filled);
    }
    return bytes;
  };
}
