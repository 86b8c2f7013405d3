// The two forms of a run's log over HTTP: text for people, NDJSON for programs.

import type { LogEntry } from "../core/log-entry.ts";
import { logEntryToJson } from "../core/log-entry-json.ts";

/** For one stream: a format may remember what it wrote last. */
export interface LogFormat {
  readonly contentType: string;
  encode(entry: LogEntry): string;
  /** What a silent stream sends so that nothing between takes it for dead; empty where nothing can be sent unseen. */
  readonly heartbeat: string;
}

export function createNdjsonFormat(): LogFormat {
  return {
    contentType: "application/x-ndjson",
    encode: (entry) => `${JSON.stringify(logEntryToJson(entry))}\n`,
    heartbeat: "\n",
  };
}

/** Console lines and step output as they are; notes of the system are marked. */
export function createTextFormat(): LogFormat {
  let midLine = false;
  let lastStep: string | null = null;
  return {
    contentType: "text/plain; charset=utf-8",
    heartbeat: "",
    encode({ source, stepId, text }) {
      // An unfinished line goes on only with output of the same step.
      const start = midLine && stepId !== lastStep ? "\n" : "";
      const isLine = source === "console" || source === "system";
      const body = source === "system" ? `[runner] ${text}\n` : isLine ? `${text}\n` : text;
      if (body === "") return "";
      midLine = !body.endsWith("\n");
      lastStep = stepId;
      return start + body;
    },
  };
}
