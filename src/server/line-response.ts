// An answer that is sent line by line, only as fast as its reader takes it.

import { openAnswerSignal } from "./answer-signal.ts";
import { apiHeaders } from "./json-response.ts";
import { createLineStream, type LineStreamOptions } from "./line-stream.ts";
import type { RouteContext } from "./route-context.ts";

export interface Lines<T> extends Pick<LineStreamOptions<T>, "format" | "opening"> {
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The signal ends it: the reader left, or the server stops. */
  readonly entries: (signal: AbortSignal) => AsyncIterable<T>;
  /** What follows the last entry. */
  readonly closing: (signal: AbortSignal) => Promise<string>;
}

export function lineResponse<T>(request: Request, lines: Lines<T>, context: RouteContext): Response {
  // no-transform and x-accel-buffering keep proxies from gathering what is to be seen as it happens.
  const headers = {
    ...apiHeaders,
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
    "content-type": lines.contentType,
    ...lines.headers,
  };
  if (request.method !== "HEAD") return new Response(openStream(request, lines, context), { headers });
  context.connections.release(request);
  return new Response(null, { headers });
}

function openStream<T>(
  request: Request,
  { format, opening, entries, closing }: Lines<T>,
  { limits, clock, connections, stopping, reportError }: RouteContext,
): ReadableStream<Uint8Array> {
  const answer = openAnswerSignal(request, stopping);
  const { signal } = answer;
  const stream = createLineStream(entries(signal), {
    format,
    opening,
    closing: async () => await closing(signal),
    clock,
    signal,
    heartbeatMs: limits.heartbeatMs,
    onEnd: (error) => {
      if (error !== undefined && !signal.aborted) reportError(error, request);
      answer.close();
      connections.release(request);
    },
  });
  connections.hold(request);
  return stream;
}
