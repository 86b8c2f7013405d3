// Keys that were claimed not long ago: of these alone it is worth asking the store before a run is begun.

/** 1 MB; of older ones the commit tells. */
const maxKeys = 10_000;

export class RecentKeys {
  readonly #maxKeys: number;
  /** In the order in which they were added. */
  readonly #keys = new Set<string>();

  constructor(limit = maxKeys) {
    this.#maxKeys = limit;
  }

  has(key: Uint8Array): boolean {
    return this.#keys.has(nameOf(key));
  }

  add(key: Uint8Array): void {
    this.#keys.add(nameOf(key));
    if (this.#keys.size > this.#maxKeys) this.#keys.delete(this.#keys.values().next().value ?? "");
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString("base64");
}
