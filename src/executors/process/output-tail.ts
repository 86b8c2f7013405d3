// Reading one output file of a step while the step writes it.

import { fstatSync, read, readSync } from "node:fs";
import type { OutputStream, StepOutput } from "../executor.ts";

/** The largest piece handed over. */
const pieceBytes = 64 * 1024;

const rememberedBytes = 64;

/** Follows one file by its descriptor; the file is the buffer, so nothing is kept here. */
export class OutputTail {
  readonly #stream: OutputStream;
  readonly #fd: number;
  /** Where reading goes on in the file. */
  #position = 0;
  /** Bytes handed over since the beginning; runs ahead of the position once the step truncated the file. */
  #offset = 0;
  #size = 0;
  /** The last bytes before the position, to tell whether they are still there. */
  #lastBytes = new Uint8Array(0);

  constructor(stream: OutputStream, fd: number) {
    this.#stream = stream;
    this.#fd = fd;
  }

  /** Bytes written since the beginning, as far as known. */
  get totalBytes(): number {
    return this.#offset + this.unreadBytes;
  }

  /** Bytes known of and not read. */
  get unreadBytes(): number {
    return Math.max(0, this.#size - this.#position);
  }

  /** Looks how much there is. */
  measure(): void {
    const size = fstatSync(this.#fd).size;
    // The step emptied its own output (`echo x > /dev/stderr` does): what is there now is new, all of it.
    if (size < this.#position || (size > this.#size && this.#wasRewritten())) this.#position = 0;
    this.#size = size;
  }

  /** The next piece of what was measured; null when all is read. */
  async read(maxBytes: number): Promise<StepOutput | null> {
    const unread = this.unreadBytes;
    const wanted = Math.min(unread, maxBytes, pieceBytes);
    if (wanted === 0) return null;
    const bytes = new Uint8Array(wanted);
    // The last bytes are fresh in the page cache, and reading them here is quicker than asking a thread; a long
    // backlog may have to come from the disk, and must not hold up the server.
    const length =
      unread <= pieceBytes
        ? readSync(this.#fd, bytes, 0, wanted, this.#position)
        : await readAsync(this.#fd, bytes, this.#position);
    if (length === 0) {
      this.#size = this.#position; // truncated since it was measured
      return null;
    }
    const output = { stream: this.#stream, offset: this.#offset, bytes: bytes.subarray(0, length) };
    this.#position += length;
    this.#offset += length;
    this.#lastBytes = bytes.slice(Math.max(0, length - rememberedBytes), length);
    return output;
  }

  #wasRewritten(): boolean {
    const length = this.#lastBytes.length;
    if (length === 0 || this.#position === 0) return false;
    const there = new Uint8Array(length);
    readSync(this.#fd, there, 0, length, this.#position - length);
    return there.some((byte, index) => byte !== this.#lastBytes[index]);
  }
}

function readAsync(fd: number, bytes: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, bytes, 0, bytes.length, position, (error, length) => (error ? reject(error) : resolve(length)));
  });
}
