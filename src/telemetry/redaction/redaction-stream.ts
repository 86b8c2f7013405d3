// A stream of bytes whose secrets are masked as it flows: what may be the beginning of one waits for the next piece, so
// that the text is the same however it is cut.

import { Buffer } from "node:buffer";
import { maskSpans } from "./mask-spans.ts";
import type { PatternSearch } from "./pattern-search.ts";

/** Secrets that overlap each other without an end must not fill the memory. */
const maxHeldBytes = 64 * 1024;

export interface RedactedPiece {
  readonly bytes: Uint8Array;
  /** How many bytes of the stream it stands for: those that were held back are among them, those that are now are not. */
  readonly taken: number;
}

export class RedactionStream {
  readonly #search: () => PatternSearch;
  #held: Uint8Array = new Uint8Array(0);

  /** `search` is asked for each piece: a secret may become known while a step runs. */
  constructor(search: () => PatternSearch) {
    this.#search = search;
  }

  /** What can be passed on. */
  push(piece: Uint8Array): RedactedPiece {
    const search = this.#search();
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    if (search.isEmpty) return this.#pass(bytes, bytes, bytes.length);
    const spans = search.find(bytes);
    const last = spans.at(-1);
    let cut = search.findOpen(bytes);
    // What goes on may overlap the last span, which is one with it then.
    if (last !== undefined && last.end > cut) {
      cut = Math.min(cut, last.start);
      if (bytes.length - last.start > maxHeldBytes) cut = last.end;
    }
    const passed = maskSpans(
      bytes.subarray(0, cut),
      spans.filter(({ end }) => end <= cut),
    );
    return this.#pass(passed, bytes, cut);
  }

  /** What was held back: the stream has ended. */
  end(): RedactedPiece {
    const bytes = this.#held;
    return this.#pass(maskSpans(bytes, this.#search().find(bytes)), bytes, bytes.length);
  }

  #pass(passed: Uint8Array, bytes: Uint8Array, cut: number): RedactedPiece {
    this.#held = bytes.slice(cut);
    return { bytes: passed, taken: cut };
  }
}
