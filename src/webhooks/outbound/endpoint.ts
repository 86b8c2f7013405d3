// An endpoint: somebody's address, and which events it is sent.

/** What whoever made it has said, or the defaults. */
export interface EndpointFields {
  readonly url: string;
  /** Patterns of types, at least one. */
  readonly events: readonly string[];
  /** Only events of these; none: of all, and those that are of no pipeline too. */
  readonly pipelines: readonly string[];
  /** A condition over the event; null: every one. */
  readonly when: string | null;
  readonly enabled: boolean;
  /** Sent with each delivery; a value may be a reference to a secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** The header with `sha256=…`. */
  readonly signatureHeader: string;
  /** Waits before the attempts 2, 3, …: none is one attempt. */
  readonly retryDelaysMs: readonly number[];
  /** Null: as many as there are. */
  readonly ratePerMinute: number | null;
  readonly description: string;
}

export interface Endpoint extends EndpointFields {
  /** `ep_…`; of a declared one `ep_NAME`. */
  readonly id: string;
  /** Null where it was made by the API. */
  readonly name: string | null;
  /** `file`: declared in runner.toml. */
  readonly source: "api" | "file";
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Attempt 2 comes a minute after the end of the first, attempt 7 a day after the end of the sixth. */
const retryDelaysMs = [minuteMs, 5 * minuteMs, 30 * minuteMs, 2 * hourMs, 8 * hourMs, 24 * hourMs];

export const endpointDefaults: Omit<EndpointFields, "url" | "events"> = {
  pipelines: [],
  when: null,
  enabled: true,
  headers: {},
  signatureHeader: "X-Runner-Signature",
  retryDelaysMs,
  ratePerMinute: null,
  description: "",
};
