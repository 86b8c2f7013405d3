// The answer that is a run's log, as it happens or as it is.

import { isFinal } from "../core/run.ts";
import { lineResponse } from "./line-response.ts";
import type { LogFormat } from "./log-format.ts";
import type { RouteContext } from "./route-context.ts";

export interface LogSelection {
  readonly format: LogFormat;
  /** Go on until the run has ended. */
  readonly follow: boolean;
  readonly afterSeq: number;
  /** The caller has just started this run: the stream says which it is and how it ended. */
  readonly started: boolean;
}

/** The log of a run that its caller has just started, from its beginning to its end. */
export function startedRunResponse(
  request: Request,
  runId: string,
  format: LogFormat,
  context: RouteContext,
  extraHeaders: Readonly<Record<string, string>>,
): Response {
  return logResponse(request, runId, { format, follow: true, afterSeq: 0, started: true }, context, extraHeaders);
}

/** How long the end of a run may be in coming once its log is over; it is recorded before that. */
const endWithinMs = 10_000;

export function logResponse(
  request: Request,
  runId: string,
  { format, follow, afterSeq, started }: LogSelection,
  context: RouteContext,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { engine } = context;
  return lineResponse(
    request,
    {
      format,
      contentType: format.contentType,
      headers,
      // Bun keeps the end of the headers back until there is a first byte, so a silent log would look like no answer.
      opening: started ? format.begin(runId) : follow ? format.heartbeat : "",
      entries: (signal) => engine.readLogs(runId, { afterSeq, follow, signal }),
      closing: async (signal) => {
        if (!started && format.name !== "sse") return "";
        const run = await engine.waitForEnd(runId, follow ? endWithinMs : 0, signal);
        return isFinal(run.status) ? format.end(run) : "";
      },
    },
    context,
  );
}
