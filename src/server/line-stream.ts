// A run's log, or its journal, as a stream of bytes that goes only as fast as its reader.

import type { Clock } from "../core/clock.ts";
import { PatientIterator } from "./patient-iterator.ts";

export interface LineStreamOptions<T> {
  readonly format: { readonly encode: (entry: T) => string; readonly heartbeat: string };
  /** Sent at once; may be empty. */
  readonly opening: string;
  /** What follows the last entry; not asked where the stream is cut short. */
  readonly closing: () => Promise<string>;
  readonly heartbeatMs: number;
  readonly clock: Clock;
  /** Ends the stream: the reader left or the server stops. */
  readonly signal: AbortSignal;
  /** Called once, however the stream ends; with what broke it, if something did. */
  readonly onEnd: (error?: unknown) => void;
}

const chunkChars = 64 * 1024;
/** How long a chunk that could be sent waits for more, so that a burst of lines is not a burst of chunks. */
const gatherMs = 1;

export function createLineStream<T>(
  entries: AsyncIterable<T>,
  options: LineStreamOptions<T>,
): ReadableStream<Uint8Array> {
  const { format, opening, closing, heartbeatMs, clock, signal, onEnd } = options;
  const iterator = new PatientIterator(entries, { clock, signal });
  const encoder = new TextEncoder();
  let ended = false;
  const end = (error?: unknown): void => {
    if (!ended) onEnd(error);
    ended = true;
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      if (opening !== "") controller.enqueue(encoder.encode(opening));
    },
    async pull(controller) {
      let text = "";
      try {
        while (text.length < chunkChars) {
          const next = await iterator.next(text === "" ? heartbeatMs : gatherMs);
          if (ended) return;
          if (next?.done) {
            if (!signal.aborted) text += await closing();
            if (ended) return;
            if (text !== "") controller.enqueue(encoder.encode(text));
            end();
            controller.close();
            return;
          }
          if (!next && text !== "") break;
          text += next ? format.encode(next.value) : format.heartbeat;
          if (!next && text !== "") break;
        }
        controller.enqueue(encoder.encode(text));
      } catch (error) {
        end(error);
        controller.error(error);
      }
    },
    cancel() {
      end();
      iterator.close();
    },
  });
}
