// Reading one output file of a step while the step writes it.

import { fstatSync, read, readSync } from "node:fs";
import type { OutputStream, StepOutput, TakenOutput } from "../executor.ts";

/** The largest piece handed over. */
const pieceBytes = 64 * 1024;

const rememberedBytes = 64;

/** Where reading goes on after an earlier life. */
export interface TailStart {
  readonly taken: TakenOutput;
  /** Place in the stream of the file's first byte: above 0 where the step had emptied the file by then. */
  readonly fileStart: number;
}

export interface OutputTailOptions {
  readonly stream: OutputStream;
  readonly fd: number;
  /** Absent: at the beginning. */
  readonly start?: TailStart;
  /**
   * Called with the place in the stream that the file begins at from now on. Absent: the file is not the step's to empty;
   * it may be shorter than what was taken of it because it is written once more.
   */
  readonly onEmptied?: (offset: number) => void;
}

/** Follows one file by its descriptor; the file is the buffer, so nothing is kept here. */
export class OutputTail {
  readonly #options: OutputTailOptions;
  /** Where reading goes on in the file. */
  #position = 0;
  /** Bytes handed over since the beginning; runs ahead of the position once the step truncated the file. */
  #offset = 0;
  #size = 0;
  /** The last bytes before the position, to tell whether they are still there. */
  #lastBytes = new Uint8Array(0);

  constructor(options: OutputTailOptions) {
    this.#options = options;
    const { start, onEmptied } = options;
    if (start === undefined) return;
    const { bytes, last } = start.taken;
    // What was read of the emptied file is not known for sure to have been taken, so all that is there counts as new.
    if (start.fileStart > bytes) onEmptied?.(bytes);
    this.#offset = bytes;
    this.#position = Math.max(0, bytes - start.fileStart);
    this.#lastBytes = last.slice(Math.max(0, last.length - this.#position));
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
    const { fd, onEmptied } = this.#options;
    const size = fstatSync(fd).size;
    // The step emptied its own output (`echo x > /dev/stderr` does): what is there now is new, all of it.
    if (onEmptied && (size < this.#position || (size > this.#size && this.#wasRewritten()))) {
      this.#position = 0;
      onEmptied(this.#offset);
    }
    this.#size = size;
  }

  /** The next piece of what was measured; null when all is read. */
  async read(maxBytes: number): Promise<StepOutput | null> {
    const { stream, fd } = this.#options;
    const unread = this.unreadBytes;
    const wanted = Math.min(unread, maxBytes, pieceBytes);
    if (wanted === 0) return null;
    const bytes = new Uint8Array(wanted);
    // The last bytes are fresh in the page cache, and reading them here is quicker than asking a thread; a long
    // backlog may have to come from the disk, and must not hold up the server.
    const length =
      unread <= pieceBytes
        ? readSync(fd, bytes, 0, wanted, this.#position)
        : await readAsync(fd, bytes, this.#position);
    if (length === 0) {
      this.#size = this.#position; // truncated since it was measured
      return null;
    }
    const output = { stream, offset: this.#offset, bytes: bytes.subarray(0, length) };
    this.#position += length;
    this.#offset += length;
    this.#lastBytes = bytes.slice(Math.max(0, length - rememberedBytes), length);
    return output;
  }

  #wasRewritten(): boolean {
    const length = this.#lastBytes.length;
    if (length === 0 || this.#position === 0) return false;
    const there = new Uint8Array(length);
    readSync(this.#options.fd, there, 0, length, this.#position - length);
    return there.some((byte, index) => byte !== this.#lastBytes[index]);
  }
}

function readAsync(fd: number, bytes: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, bytes, 0, bytes.length, position, (error, length) => (error ? reject(error) : resolve(length)));
  });
}
