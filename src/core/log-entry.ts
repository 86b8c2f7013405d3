// One entry of a run's log: a console line of the script, a chunk of a step's output, or a note of the system.

export const logSources = ["console", "stdout", "stderr", "system"] as const;
export type LogSource = (typeof logSources)[number];

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

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
