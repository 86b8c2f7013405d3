// Targets and their tests as JSON, for the HTTP API and every --json.

export interface TargetJson {
  readonly name: string;
  /** As in runner.toml. */
  readonly type: string;
}

export interface TargetTestJson {
  readonly target: string;
  readonly delivered: boolean;
  /** HTTP status, or the reply code of a mail server; null where nothing was answered. */
  readonly status: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly duration_ms: number;
  /** The beginning of the answer. */
  readonly response: string;
}
