// The beginning and the end of a byte stream, within a bound, with a note of what was dropped between them.

export class HeadAndTail {
  readonly #headLimit: number;
  readonly #tailLimit: number;
  readonly #head: Uint8Array[] = [];
  #headLength = 0;
  #tail: Uint8Array[] = [];
  #tailLength = 0;
  #total = 0;

  constructor(limit: number) {
    this.#headLimit = Math.ceil(limit / 2);
    this.#tailLimit = Math.floor(limit / 2);
  }

  push(bytes: Uint8Array): void {
    this.#total += bytes.length;
    const toHead = Math.min(bytes.length, this.#headLimit - this.#headLength);
    if (toHead > 0) {
      this.#head.push(new Uint8Array(bytes.subarray(0, toHead)));
      this.#headLength += toHead;
    }
    if (toHead === bytes.length) return;
    this.#tail.push(new Uint8Array(bytes.subarray(Math.max(toHead, bytes.length - this.#tailLimit))));
    this.#tailLength += bytes.length - Math.max(toHead, bytes.length - this.#tailLimit);
    while (this.#tail[0] !== undefined && this.#tailLength - this.#tail[0].length >= this.#tailLimit) {
      this.#tailLength -= this.#tail.shift()?.length ?? 0;
    }
  }

  /** Bytes that are in neither. */
  get dropped(): number {
    return this.#total - this.#headLength - Math.min(this.#tailLength, this.#tailLimit);
  }

  get tail(): Uint8Array {
    const joined = Buffer.concat(this.#tail);
    return joined.subarray(Math.max(0, joined.length - this.#tailLimit));
  }

  /** Head, a marker where something was dropped, and tail. */
  bytes(): Uint8Array {
    const marker = this.dropped === 0 ? "" : droppedMarker(this.dropped);
    return Buffer.concat([...this.#head, Buffer.from(marker), this.tail]);
  }

  /** The same as text. */
  text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes());
  }
}

function droppedMarker(bytes: number): string {
  return `\n[… ${bytes} bytes dropped here …]\n`;
}
