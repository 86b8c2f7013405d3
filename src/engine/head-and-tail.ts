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
      this.#head.push(bytes.slice(0, toHead));
      this.#headLength += toHead;
    }
    if (toHead === bytes.length) return;
    this.#tail.push(bytes.slice(Math.max(toHead, bytes.length - this.#tailLimit)));
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

  /** Head, a marker where something was dropped, and tail, as text. */
  text(): string {
    const decoder = new TextDecoder();
    const head = Buffer.concat(this.#head);
    if (this.dropped === 0) return decoder.decode(Buffer.concat([head, this.tail]));
    return `${decoder.decode(head)}\n${droppedMarker(this.dropped)}\n${decoder.decode(this.tail)}`;
  }
}

function droppedMarker(bytes: number): string {
  return `[… ${bytes} bytes dropped here …]`;
}
