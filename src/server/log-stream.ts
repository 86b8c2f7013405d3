// A run's log as a stream of bytes that goes only as fast as its reader.

import type { Clock } from "../core/clock.ts";
import type { LogEntry } from "../core/log-entry.ts";
import type { LogFormat } from "./log-format.ts";
import { PatientIterator } from "./patient-iterator.ts";

export interface LogStreamOptions {
  readonly format: LogFormat;
  readonly follow: boolean;
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

export function createLogStream(
  entries: AsyncIterable<LogEntry>,
  options: LogStreamOptions,
): ReadableStream<Uint8Array> {
  const { format, follow, heartbeatMs, clock, signal, onEnd } = options;
  const iterator = new PatientIterator(entries, { clock, signal });
  const encoder = new TextEncoder();
  let ended = false;
  const end = (error?: unknown): void => {
    if (!ended) onEnd(error);
    ended = true;
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      // Bun keeps the end of the headers back until there is a first byte, so a silent log would look like no answer.
      if (follow && format.heartbeat !== "") controller.enqueue(encoder.encode(format.heartbeat));
    },
    async pull(controller) {
      let text = "";
      try {
        while (text.length < chunkChars) {
          const next = await iterator.next(text === "" ? heartbeatMs : gatherMs);
          if (ended) return;
          if (next?.done) {
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
