// Cuts a byte stream only between characters: what is cut off inside one waits for the next piece.

export class Utf8Chunker {
  #rest: Uint8Array = new Uint8Array(0);

  /** The piece up to its last whole character, with what the one before left over; empty where there is none. */
  push(bytes: Uint8Array): Uint8Array {
    const joined = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const end = joined.length - cutOffLength(joined);
    this.#rest = joined.slice(end);
    return joined.subarray(0, end);
  }

  /** What is left at the end of the stream. */
  end(): Uint8Array {
    const rest = this.#rest;
    this.#rest = new Uint8Array(0);
    return rest;
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
