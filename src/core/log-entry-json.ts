// An entry of a run's log as JSON; one such object per line is the NDJSON of a log.

import type { LogEntry, LogLevel, LogSource } from "./log-entry.ts";
import { timeToJson } from "./run-json.ts";

export interface LogEntryJson {
  readonly seq: number;
  readonly at: string;
  readonly source: LogSource;
  readonly level: LogLevel;
  readonly step_id: string | null;
  readonly step_name: string | null;
  readonly text: string;
}

export function logEntryToJson(entry: LogEntry): LogEntryJson {
  return {
    seq: entry.seq,
    at: timeToJson(entry.at),
    source: entry.source,
    level: entry.level,
    step_id: entry.stepId,
    step_name: entry.stepName,
    text: entry.text,
  };
}
