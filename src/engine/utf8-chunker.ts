// Cuts a byte stream only between characters: what is cut off inside one waits for the next piece.

export interface AlignedChunk {
  /** Place of the first byte in the stream. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export class Utf8Chunker {
  #rest: Uint8Array = new Uint8Array(0);
  #restOffset = 0;

  /** The piece up to its last whole character, with what the one before left over; null where there is none. */
  push(offset: number, bytes: Uint8Array): AlignedChunk | null {
    const joined = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const start = this.#rest.length === 0 ? offset : this.#restOffset;
    const end = joined.length - cutOffLength(joined);
    this.#rest = joined.slice(end);
    this.#restOffset = start + end;
    return end === 0 ? null : { offset: start, bytes: joined.subarray(0, end) };
  }

  /** What is left at the end of the stream. */
  end(): AlignedChunk | null {
    const rest = this.#rest;
    this.#rest = new Uint8Array(0);
    return rest.length === 0 ? null : { offset: this.#restOffset, bytes: rest };
  }
}

/** Bytes at the end that begin a character whose remainder has not come (0 to 3). RFC 3629 §3. */
function cutOffLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? back : 0;
    }
  }
  return 0;
}
