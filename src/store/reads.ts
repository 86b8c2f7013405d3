// What can be read, grouped by subject. Times are milliseconds since the Unix epoch.

import type { InboundRequest } from "../core/inbound-request.ts";
import type { JsonValue } from "../core/json.ts";
import type { LogEntry } from "../core/log-entry.ts";
import type { Run, RunStatus, Step } from "../core/run.ts";
import type { StepKey } from "../core/step-id.ts";
import type {
  CallOutcome,
  CancelRequest,
  Delivery,
  GoodVersion,
  InboundAnswer,
  InboundRecord,
  NewRun,
  Observations,
  StartedCall,
  StoredArtifact,
  StoredBundle,
  StoredSecret,
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

/** A run that is not final, as far as queueing it needs. */
export interface UnfinishedRun {
  readonly id: string;
  readonly pipeline: string;
  readonly status: "queued" | "running";
  readonly priority: number;
  readonly concurrencyKey: string | null;
  readonly depth: number;
}

/** All that is kept of a run itself for executing it further. */
export interface KeptRun {
  readonly run: NewRun;
  readonly status: RunStatus;
  readonly startedAt: number | null;
  readonly wakeAt: number | null;
  readonly cancel: CancelRequest | null;
  /** How its journal is written: see {@link journalFormat}. */
  readonly journalFormat: number;
}

/** A waiting run and when it goes on without news. */
export interface WakeTime {
  readonly id: string;
  readonly wakeAt: number;
}

/** A run, and the step of another one that waits for its end. */
export interface AwaitedRun {
  readonly id: string;
  readonly parent: StepKey;
  readonly hasEnded: boolean;
}

/** A run that holds its concurrency key. */
export interface KeyHolder {
  readonly id: string;
  readonly concurrencyKey: string;
}

export interface RunReader {
  find(id: string): Promise<Run | undefined>;
  /** @throws {AppError} BAD_REQUEST when the cursor is not one of ours. */
  list(query: RunQuery): Promise<RunPage>;
  findKept(id: string): Promise<KeptRun | undefined>;
  /** Runs that are queued or running, oldest first: what a server that starts has to go on with. */
  unfinished(): Promise<readonly UnfinishedRun[]>;
  /** Waiting runs that have a concurrency key, which they keep, oldest first. */
  waitingWithKey(): Promise<readonly KeyHolder[]>;
  /** Waiting runs by the time they go on without news, the next first. */
  nextWakes(limit: number): Promise<readonly WakeTime[]>;
  /** Runs that steps of a run which is not final wait for: of this run, or of all of them. */
  awaitedRuns(parentId?: string): Promise<readonly AwaitedRun[]>;
  /** Runs that are not final and were never asked to end, though the step that waited for them was cancelled. */
  forsakenRuns(): Promise<readonly string[]>;
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

/** A host call without its arguments and its result, which may be large. */
export interface CallOutline extends Pick<StartedCall, "number" | "kind" | "name" | "startedAt" | "afterSeq"> {
  /** How it was answered; null where it was not. */
  readonly ok: boolean | null;
}

/** A journal without what may be large in it. */
export interface JournalOutline extends Pick<Journal, "deliveries" | "observations"> {
  readonly calls: readonly CallOutline[];
  /** Lines in the log of which it is not known where in the run they were written. */
  readonly strayLines: number;
}

/** A step of a run that is taken up again. */
export interface KeptStep {
  readonly step: Step;
  readonly progress: JsonValue | null;
}

export interface StepInFlight {
  readonly stepId: string;
  /** False: what it has begun is kept open, or its next attempt is waited for. */
  readonly isRunning: boolean;
}

export interface JournalReader {
  load(runId: string): Promise<Journal>;
  outline(runId: string): Promise<JournalOutline>;
  findCall(runId: string, number: number): Promise<JournalCall | undefined>;
  /** The steps of a run by the number of their host call. */
  steps(runId: string): Promise<ReadonlyMap<number, KeptStep>>;
  /** Processes and containers that runs which are not final have begun and not ended, kept-open containers included. */
  stepsInFlight(): Promise<readonly StepInFlight[]>;
}

export interface LogQuery {
  /** Only entries with a greater `seq`; 0 for all. */
  readonly afterSeq: number;
  /** 1 to 10,000. */
  readonly limit: number;
}

/** Where the last stored piece of a stream ends; 0 where there is none. */
export interface OutputEnd {
  /** In what is stored of the step, counted from its first byte. */
  readonly stored: number;
  /** In what its attempt has written; null: that is stored as it was written. */
  readonly taken: number | null;
}

export interface LogReader {
  list(runId: string, query: LogQuery): Promise<readonly LogEntry[]>;
  /** The stored bytes of one stream of a step between two offsets; those not stored are left out. */
  readOutput(stepId: string, stream: "stdout" | "stderr", offset: number, length: number): Promise<Uint8Array>;
  outputEnds(stepId: string): Promise<{ readonly stdout: OutputEnd; readonly stderr: OutputEnd }>;
  /** The greatest `seq` of a run's log, 0 where it is empty. */
  lastSeq(runId: string): Promise<number>;
}

export interface BundleReader {
  find(hash: string): Promise<StoredBundle | undefined>;
  /** Last good version of every pipeline. */
  versions(): Promise<readonly GoodVersion[]>;
}

/** A recorded request; `answer` is null while there is none, and where the server ended before it was written. */
export interface KeptRequest extends InboundRecord {
  readonly answer: InboundAnswer | null;
  /** The run that the same body began before, under another delivery id. */
  readonly sameBodyAs: string | null;
}

/** A recorded request without what may be large in it. */
export interface RequestOutline extends Omit<KeptRequest, "request" | "isCut" | "deliveryKey"> {
  readonly request: Omit<InboundRequest, "headers" | "query" | "body">;
}

export interface RequestQuery {
  readonly pipeline?: string;
  readonly verdict?: InboundRecord["verdict"];
  readonly reason?: string;
  /** The one that it began with, and those that were answered with it. */
  readonly runId?: string;
  /** 1 to 500. */
  readonly limit: number;
  /** Opaque, from an earlier page. */
  readonly cursor?: string;
}

export interface RequestPage {
  /** Newest first. */
  readonly requests: readonly RequestOutline[];
  readonly nextCursor: string | null;
}

/** A refused request, as far as removing it needs. */
export interface Refusal extends Pick<InboundRecord, "id" | "pipeline" | "receivedAt"> {
  /** See {@link keptBytes}. */
  readonly bytes: number;
}

export interface InboundReader {
  find(id: string): Promise<KeptRequest | undefined>;
  /** Those that were received: copies for reruns only of their own run. @throws {AppError} BAD_REQUEST when the cursor is not one of ours. */
  list(query: RequestQuery): Promise<RequestPage>;
  /** Oldest first. */
  refusals(): Promise<readonly Refusal[]>;
}

/** What has begun a run and may come again. */
export interface KnownDelivery {
  /** The newest run that it began. */
  readonly runId: string;
  readonly receivedAt: number;
  /** Of that run: what repeats one another has the same. */
  readonly seed: string;
  /** That run has ended and did not succeed. */
  readonly isUndone: boolean;
}

export interface InboundDeliveryReader {
  find(pipeline: string, key: Uint8Array): Promise<KnownDelivery | undefined>;
  /** True where the oldest was received before this time. */
  hasBefore(at: number): Promise<boolean>;
}

export interface ValueReader {
  get(pipeline: string, key: string): Promise<JsonValue | undefined>;
  /** Keys that begin with `prefix`, in order of code points, at most 10,000. */
  keys(pipeline: string, prefix: string): Promise<readonly string[]>;
}

export interface ArtifactReader {
  find(runId: string, name: string): Promise<StoredArtifact | undefined>;
  /** All of a run, in order of their host calls. */
  list(runId: string): Promise<readonly StoredArtifact[]>;
  /** Those of these ids that are of no run. */
  withoutRun(runIds: readonly string[]): Promise<readonly string[]>;
}

export interface WebhookSecretReader {
  /** By pipeline, as they were given: a reference or the secret itself. */
  all(): Promise<ReadonlyMap<string, string>>;
}

export interface SecretsReader {
  /** By name. */
  all(): Promise<readonly StoredSecret[]>;
}

export interface StoredSchedule {
  readonly pipeline: string;
  readonly schedule: string;
  /** Its ticks up to this time are dealt with. */
  readonly doneUntil: number;
  /** The last one that was dealt with by a run, begun or skipped. */
  readonly lastTick: number | null;
  /** The last run that was not skipped. */
  readonly lastRun: string | null;
}

export interface ScheduleReader {
  all(): Promise<readonly StoredSchedule[]>;
}

export interface PauseReader {
  /** Since when, by paused pipeline. */
  all(): Promise<ReadonlyMap<string, number>>;
}

/** A lock that a run has, or waits for. */
export interface StoredLock {
  readonly pipeline: string;
  readonly name: string;
  readonly runId: string;
  /** Of the host call that asked for it. */
  readonly number: number;
  /** How many may have it at one time, by who asked. */
  readonly limit: number;
  readonly isHeld: boolean;
}

export interface LockReader {
  /** In the order they were asked for. */
  all(): Promise<readonly StoredLock[]>;
}

/** An ended run by the time of its end; runs are ordered by this, and by their ids where it is the same. */
export interface RunEndPlace {
  readonly endedAt: number;
  readonly id: string;
}

export interface EndedRun extends RunEndPlace {
  /** About how many rows of journal and log it has: no fewer than that. */
  readonly rows: number;
  readonly hasArtifacts: boolean;
}

/** Which ended runs of a pipeline stay: those that ended since a time and are among the newest, and some that succeeded. */
export interface StayingRuns {
  readonly endedSince: number | null;
  readonly newest: number | null;
  readonly newestSucceeded: number;
}

/** What is asked to find out which runs are to be removed, and how much space that has freed. */
export interface UpkeepReader {
  /** Oldest first. */
  oldestEnded(limit: number): Promise<readonly EndedRun[]>;
  /** The run that ended `count` places before `from`, or before all that comes: null where there are fewer. */
  skipEnded(from: RunEndPlace | null, count: number): Promise<RunEndPlace | null>;
  /** Ended runs of a pipeline that are not among those that stay, oldest first. */
  surplusOf(pipeline: string, stay: StayingRuns, limit: number): Promise<readonly EndedRun[]>;
  /** The last end before a time and the first one from it on. */
  endsAround(at: number): Promise<{ readonly before: number | null; readonly after: number | null }>;
  /** What of the file is not used; it is used again before the file grows. */
  freeSpace(): Promise<{ readonly bytes: number; readonly fileBytes: number }>;
}
