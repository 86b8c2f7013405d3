// The forms of a run's log over HTTP: text for people, NDJSON for programs, events (SSE) for both.

import type { LogEntry } from "../core/log-entry.ts";
import { logEntryToJson } from "../core/log-entry-json.ts";
import type { Run } from "../core/run.ts";
import { runToJson } from "../core/run-json.ts";

/** For one stream: a format may remember what it wrote last. */
export interface LogFormat {
  readonly name: "text" | "ndjson" | "sse";
  readonly contentType: string;
  /** Says which run follows, to somebody who has just started it. */
  begin(runId: string): string;
  encode(entry: LogEntry): string;
  /** How the run has ended; empty where the form has no words for it. */
  end(run: Run): string;
  /** What a silent stream sends so that nothing between takes it for dead; empty where nothing can be sent unseen. */
  readonly heartbeat: string;
}

/** The id of the last event: a client that comes back with it has had everything. */
export const endEventId = "end";

/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export function createSseFormat(): LogFormat {
  // JSON has no line breaks of its own, so one data line holds any entry.
  const event = (name: string, data: unknown, id?: number | string): string =>
    `${id === undefined ? "" : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  return {
    name: "sse",
    contentType: "text/event-stream",
    begin: (runId) => event("run", { run_id: runId }),
    encode: (entry) => event("log", logEntryToJson(entry), entry.seq),
    end: (run) => event("end", runToJson(run), endEventId),
    heartbeat: ": still here\n\n",
  };
}

export function createNdjsonFormat(): LogFormat {
  return {
    name: "ndjson",
    contentType: "application/x-ndjson",
    begin: () => "",
    encode: (entry) => `${JSON.stringify(logEntryToJson(entry))}\n`,
    end: () => "",
    heartbeat: "\n",
  };
}

/** Console lines and step output as they are; notes of the system are marked. */
export function createTextFormat(): LogFormat {
  let midLine = false;
  let lastStep: string | null = null;
  const encode = ({ source, stepId, text }: Pick<LogEntry, "source" | "stepId" | "text">): string => {
    // An unfinished line goes on only with output of the same step.
    const start = midLine && stepId !== lastStep ? "\n" : "";
    const isLine = source === "console" || source === "system";
    const body = source === "system" ? `[runner] ${text}\n` : isLine ? `${text}\n` : text;
    if (body === "") return "";
    midLine = !body.endsWith("\n");
    lastStep = stepId;
    return start + body;
  };
  const note = (text: string): string => encode({ source: "system", stepId: null, text });
  return {
    name: "text",
    contentType: "text/plain; charset=utf-8",
    begin: (runId) => note(`run ${runId}`),
    encode,
    end: ({ status }) => note(status),
    heartbeat: "",
  };
}
