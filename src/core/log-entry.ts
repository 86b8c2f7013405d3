// One entry of a run's log: a console line of the script, a chunk of a step's output, or a note of the system.

export type LogSource = "console" | "stdout" | "stderr" | "system";
export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogEntry {
  /** Order within the run, from 1, increasing; gaps are possible. */
  readonly seq: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly source: LogSource;
  readonly level: LogLevel;
  /** The step that wrote it; null for console and system entries. */
  readonly stepId: string | null;
  readonly stepName: string | null;
  /** A console or system entry is one line without its newline; an output entry is a raw chunk. */
  readonly text: string;
}
