// The contract of the store: writes are data, committed together and durably; reads are grouped by subject.
// The implementation is sqlite/. Times are milliseconds since the Unix epoch.

import type { InboundRequest } from "../core/inbound-request.ts";
import type { JsonValue } from "../core/json.ts";
import type { LogEntry } from "../core/log-entry.ts";
import type { PipelineConfig } from "../core/pipeline-config.ts";
import type { FinalRunStatus, Run, RunError, RunStatus, Step, Trigger } from "../core/run.ts";

export interface Store {
  /**
   * Applies all writes or none, in the order given; resolves once they are fsynced. Commits are applied in the order
   * of their calls, and those made while the disk is busy share one fsync. One commit's failure harms no other.
   * @throws {AppError} STORE_UNAVAILABLE when the disk is full, read-only or failing: nothing of this commit is kept.
   */
  commit(writes: readonly Write[]): Promise<void>;
  readonly runs: RunReader;
  readonly journal: JournalReader;
  readonly logs: LogReader;
  readonly bundles: BundleReader;
  readonly inbound: InboundReader;
  readonly values: ValueReader;
  /** Finishes the commits in hand, then closes the file and gives up its lock. */
  close(): Promise<void>;
}

// ── writes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export type Write = RunWrite | StepWrite | JournalWrite | LogWrite | BundleWrite | InboundWrite | ValueWrite;

/** A run as it is created: always `queued`. */
export interface NewRun {
  readonly id: string;
  readonly pipeline: string;
  readonly trigger: Trigger;
  readonly bundleHash: string;
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly args: readonly string[];
  /** The inbound request that started it. */
  readonly inboundId: string | null;
  readonly rerunOf: string | null;
  readonly createdAt: number;
}

export type RunWrite =
  | { readonly type: "run.create"; readonly run: NewRun }
  | { readonly type: "run.start"; readonly id: string; readonly at: number }
  | {
      readonly type: "run.finish";
      readonly id: string;
      readonly status: FinalRunStatus;
      readonly result: JsonValue | null;
      readonly error: RunError | null;
      readonly at: number;
    };

/** Writes the whole step, new or known. */
export interface StepWrite {
  readonly type: "step.put";
  readonly runId: string;
  readonly step: Step;
}

/** The result of a host call: what its promise settles with, or what a synchronous one returns. */
export type CallOutcome =
  { readonly ok: true; readonly value: JsonValue | undefined } | { readonly ok: false; readonly error: CallError };

/** An error that crosses into the guest. */
export interface CallError {
  readonly code: string;
  readonly message: string;
}

/** A host call that was made: recorded before anything is done about it. */
export interface StartedCall {
  /** Order of calls within the run, from 1. */
  readonly number: number;
  readonly kind: string;
  readonly name: string;
  readonly argsHash: string;
  readonly args: JsonValue;
  readonly startedAt: number;
}

/** What enters the guest, in the order it entered. */
export type Delivery =
  | { readonly seq: number; readonly type: "result"; readonly call: number }
  | {
      readonly seq: number;
      readonly type: "output";
      readonly call: number;
      readonly stream: "stdout" | "stderr";
      /** Of the step's stored log, in bytes. */
      readonly offset: number;
      readonly length: number;
    };

/** Values a script observed (clock, random), by the message that carried them out of the sandbox process. */
export interface Observations {
  /** Order of such messages within the run, from 1. */
  readonly ordinal: number;
  readonly values: JsonValue;
}

export type JournalWrite =
  | { readonly type: "journal.start"; readonly runId: string; readonly call: StartedCall }
  | {
      readonly type: "journal.complete";
      readonly runId: string;
      readonly number: number;
      readonly outcome: CallOutcome;
      readonly at: number;
    }
  | { readonly type: "journal.deliver"; readonly runId: string; readonly delivery: Delivery }
  | { readonly type: "journal.observe"; readonly runId: string; readonly observations: Observations };

/** Output entries also carry the raw bytes and their place in their stream, so that a delivery can refer to them. */
export interface OutputChunk {
  readonly stepId: string;
  readonly stream: "stdout" | "stderr";
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export type LogWrite =
  | {
      readonly type: "log.line";
      readonly runId: string;
      readonly seq: number;
      readonly at: number;
      readonly source: "console" | "system";
      readonly level: LogEntry["level"];
      readonly text: string;
    }
  | {
      readonly type: "log.output";
      readonly runId: string;
      readonly seq: number;
      readonly at: number;
      readonly stepName: string;
      readonly chunk: OutputChunk;
    };

/** A pipeline's bundled source, kept once per content hash. */
export interface Bundle {
  /** SHA-256 of `code`, hex. */
  readonly hash: string;
  readonly code: string;
  /** Source map, version 3, as JSON text. */
  readonly sourceMap: string;
}

/** The last good version of a pipeline. */
export interface GoodVersion {
  readonly pipeline: string;
  /** Path below the pipelines folder, with extension. */
  readonly file: string;
  readonly bundleHash: string;
  readonly config: PipelineConfig;
  readonly loadedAt: number;
}

export type BundleWrite =
  | { readonly type: "bundle.put"; readonly bundle: Bundle }
  | { readonly type: "version.put"; readonly version: GoodVersion }
  | { readonly type: "version.remove"; readonly pipeline: string };

/** A received webhook and what became of it. */
export interface InboundRecord {
  readonly id: string;
  readonly pipeline: string;
  readonly receivedAt: number;
  readonly request: InboundRequest;
  readonly verdict: "accepted" | "refused";
  /** Why it was refused: a reason code; null when accepted. */
  readonly reason: string | null;
  readonly runId: string | null;
}

export type InboundWrite =
  | { readonly type: "inbound.put"; readonly record: InboundRecord }
  /** Keeps the newest `keep` refused requests of a pipeline: a flood of forgeries must not fill the disk. */
  | { readonly type: "inbound.trim_refused"; readonly pipeline: string; readonly keep: number };

export type ValueWrite =
  | { readonly type: "value.set"; readonly pipeline: string; readonly key: string; readonly value: JsonValue }
  | { readonly type: "value.delete"; readonly pipeline: string; readonly key: string };

// ── reads ───────────────────────────────────────────────────────────────────────────────────────────────────────────

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
