// What can be read, grouped by subject. Times are milliseconds since the Unix epoch.

import type { JsonValue } from "../core/json.ts";
import type { LogEntry } from "../core/log-entry.ts";
import type { Run, RunStatus } from "../core/run.ts";
import type {
  Bundle,
  CallOutcome,
  Delivery,
  GoodVersion,
  InboundRecord,
  NewRun,
  Observations,
  StartedCall,
  StoredArtifact,
} from "./writes.ts";

export interface RunQuery {
  readonly pipeline?: string;
  readonly status?: RunStatus;
  /** 1 to 500. */
  readonly limit: number;
  /** Opaque, from an earlier page. */
  readonly cursor?: string;
}

export interface RunPage {
  /** Newest first. */
  readonly runs: readonly Run[];
  readonly nextCursor: string | null;
}

export interface RunReader {
  find(id: string): Promise<Run | undefined>;
  /** @throws {AppError} BAD_REQUEST when the cursor is not one of ours. */
  list(query: RunQuery): Promise<RunPage>;
  /** What a queued or interrupted run was created with. */
  findNew(id: string): Promise<NewRun | undefined>;
  /** Ids of runs that are not final, oldest first. */
  unfinished(): Promise<readonly string[]>;
  /** The newest run of each of these pipelines, where there is one. */
  latest(pipelines: readonly string[]): Promise<ReadonlyMap<string, Run>>;
}

export interface JournalCall extends StartedCall {
  /** Absent while only `started`. */
  readonly outcome?: CallOutcome;
}

export interface Journal {
  /** In order of their numbers. */
  readonly calls: readonly JournalCall[];
  /** In order of `seq`. */
  readonly deliveries: readonly Delivery[];
  /** In order of `ordinal`. */
  readonly observations: readonly Observations[];
  /** Console lines already in the log. */
  readonly consoleLines: number;
}

export interface JournalReader {
  load(runId: string): Promise<Journal>;
}

export interface LogQuery {
  /** Only entries with a greater `seq`; 0 for all. */
  readonly afterSeq: number;
  /** 1 to 10,000. */
  readonly limit: number;
}

export interface LogReader {
  list(runId: string, query: LogQuery): Promise<readonly LogEntry[]>;
  /** The stored bytes of one stream of a step between two offsets; those not stored are left out. */
  readOutput(stepId: string, stream: "stdout" | "stderr", offset: number, length: number): Promise<Uint8Array>;
  /** The greatest `seq` of a run's log, 0 where it is empty. */
  lastSeq(runId: string): Promise<number>;
}

export interface BundleReader {
  find(hash: string): Promise<Bundle | undefined>;
  /** Last good version of every pipeline. */
  versions(): Promise<readonly GoodVersion[]>;
}

export interface InboundReader {
  find(id: string): Promise<InboundRecord | undefined>;
}

export interface ValueReader {
  get(pipeline: string, key: string): Promise<JsonValue | undefined>;
  /** Keys that begin with `prefix`, in order of code points, at most 10,000. */
  keys(pipeline: string, prefix: string): Promise<readonly string[]>;
}

export interface ArtifactReader {
  find(runId: string, name: string): Promise<StoredArtifact | undefined>;
}

export interface WebhookSecretReader {
  /** As it was given: a reference or the secret itself. */
  find(pipeline: string): Promise<string | undefined>;
}
