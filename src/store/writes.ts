// What can be written: each write is data, applied by the commit that carries it. Times are milliseconds since the
// Unix epoch.

import type { InboundRequest } from "../core/inbound-request.ts";
import type { JsonValue } from "../core/json.ts";
import type { LogEntry } from "../core/log-entry.ts";
import type { PipelineConfig } from "../core/pipeline-config.ts";
import type { Artifact, FinalRunStatus, PrecedingRun, RunError, Step, Trigger } from "../core/run.ts";
import type { StepKey } from "../core/step-id.ts";
import type { JobWrite } from "./job-writes.ts";
import type { BegunVersion, ResourceWrite } from "./resource-writes.ts";
import type { LockWrite } from "./lock-writes.ts";
import type { DeliveryWrite, EndpointWrite, EventWrite } from "./outbox-writes.ts";
import type { TakeOverWrite } from "./take-over-writes.ts";

export type Write =
  | RunWrite
  | StepWrite
  | JobWrite
  | ResourceWrite
  | LockWrite
  | JournalWrite
  | LogWrite
  | BundleWrite
  | InboundWrite
  | InboundDeliveryWrite
  | ValueWrite
  | ArtifactWrite
  | WebhookSecretWrite
  | SecretWrite
  | ScheduleWrite
  | PauseWrite
  | TakeOverWrite
  | EventWrite
  | EndpointWrite
  | DeliveryWrite
  | UpkeepWrite;

/** A run as it is created: always `queued`. */
export interface NewRun {
  readonly id: string;
  readonly pipeline: string;
  readonly trigger: Trigger;
  readonly bundleHash: string;
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly args: readonly string[];
  /** The jobs of its pipeline that it is for; empty: all of them. */
  readonly targetJobs: readonly string[];
  /** The versions that its first jobs are to take, as they were known when it was begun; empty: whatever is the newest. */
  readonly begunFor: readonly BegunVersion[];
  /** The inbound request that started it. */
  readonly inboundId: string | null;
  readonly rerunOf: string | null;
  readonly createdAt: number;
  /** What began the first of these runs, where this one is a rerun; else the trigger. */
  readonly triggeredBy: Trigger;
  readonly parent: StepKey | null;
  /** The end that it begins with, by `config.after`. */
  readonly after: PrecedingRun | null;
  /** How many runs above it started each other; 0 for one that no other run started. */
  readonly depth: number;
  /** Queued runs of a higher one begin earlier. */
  readonly priority: number;
  /** Runs with the same key share a limit; null: no limit of its own. */
  readonly concurrencyKey: string | null;
  /** The tick of a schedule that it is for. */
  readonly scheduledAt: number | null;
  /** The run whose id seeds its random numbers: the first of its reruns. */
  readonly seed: string;
  /** The run id that its script sees: that of the run whose journal it goes on with, else its own. */
  readonly scriptRunId: string;
}

/** That a run is to end, and why: kept until it has ended, over a restart too. */
export interface CancelRequest {
  readonly code: "RUN_CANCELLED" | "RUN_REPLACED" | "RUN_TIMEOUT";
  readonly message: string;
  readonly at: number;
}

export type RunWrite =
  | { readonly type: "run.create"; readonly run: NewRun }
  /** It executes: for the first time, or again after it waited. */
  | { readonly type: "run.start"; readonly id: string; readonly at: number }
  /** It waits, and may leave memory; `wakeAt` is when it goes on without news. */
  | { readonly type: "run.wait"; readonly id: string; readonly wakeAt: number | null; readonly at: number }
  /** It has news, where it waits: it goes on at this time at the latest. */
  | { readonly type: "run.wake"; readonly id: string; readonly at: number }
  | { readonly type: "run.cancel"; readonly id: string; readonly cancel: CancelRequest }
  /** The same where it has not ended, else nothing. */
  | { readonly type: "run.cancel_if_unfinished"; readonly id: string; readonly cancel: CancelRequest }
  /** A run that has not begun never will; one that is not queued stays as it is. */
  | { readonly type: "run.drop_queued"; readonly id: string; readonly error: RunError; readonly at: number }
  /** It has taken others than it was begun for. */
  | { readonly type: "run.begun_for"; readonly id: string; readonly begunFor: readonly BegunVersion[] }
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
  /** What a restart needs to know of a step that goes on, beside the step itself. */
  readonly progress?: JsonValue;
  /** When its attempt failed, where another follows; absent: none did with this. */
  readonly failedAt?: number;
}

/** The result of a host call: what its promise settles with, or what a synchronous one returns. */
export type CallOutcome =
  { readonly ok: true; readonly value: JsonValue | undefined } | { readonly ok: false; readonly error: CallError };

/** An error that crosses into the guest. */
export interface CallError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
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
  /** The delivery in whose turn it was made; 0: the first turn. */
  readonly afterSeq: number;
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
    }
  /** The run is to end: every waiting call of the script is rejected. */
  | { readonly seq: number; readonly type: "cancel" };

/** Values a script observed (clock, random), by the message that carried them out of the sandbox process. */
export interface Observations {
  /** Order of such messages within the run, from 1. */
  readonly ordinal: number;
  readonly values: JsonValue;
  /** The delivery in whose turn they were seen; 0: the first turn. */
  readonly afterSeq: number;
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
  /** Where it ends in what its attempt has written; absent: where it ends in what is stored of that. */
  readonly taken?: number;
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
      /** How many host calls the run had made before it; absent: that is not known. */
      readonly afterCall?: number;
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

/** A bundle with what it says about itself. */
export interface StoredBundle extends Bundle {
  /** Null where an earlier version of this program stored it. */
  readonly config: PipelineConfig | null;
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
  | { readonly type: "bundle.put"; readonly bundle: Bundle; readonly config: PipelineConfig }
  | { readonly type: "version.put"; readonly version: GoodVersion }
  | { readonly type: "version.remove"; readonly pipeline: string };

/** A received webhook and what became of it. */
export interface InboundRecord {
  readonly id: string;
  readonly pipeline: string;
  readonly receivedAt: number;
  readonly request: InboundRequest;
  /** IP address of the sender; null where there is none. */
  readonly address: string | null;
  /** Of the body as it was received: what is kept may be less. */
  readonly bodyBytes: number;
  /** Only the beginning of the body is kept. */
  readonly isCut: boolean;
  /** Refused: it began no run. */
  readonly verdict: "accepted" | "refused";
  /** Its sender was verified, or had not to be. */
  readonly verified: boolean;
  /** Why it was refused: a reason code; null when accepted. */
  readonly reason: string | null;
  readonly runId: string | null;
  /** What its sender calls this delivery and its repetitions; null where it says nothing. */
  readonly deliveryId: string | null;
  /** SHA-256 by which that is known again; null likewise. */
  readonly deliveryKey: Uint8Array | null;
  /** The recorded request that was sent once more. */
  readonly redeliveryOf: string | null;
}

/** What the sender was answered. */
export interface InboundAnswer {
  readonly status: number;
  /** Of the error, where the server answered by itself. */
  readonly code: string | null;
  /** From the last byte of the request. */
  readonly durationMs: number;
}

/** `key`: SHA-256 of what tells it from all others of its pipeline. */
export type InboundDeliveryWrite =
  /**
   * This run, which is there, is the one that it begins. Fails with DUPLICATE_DELIVERY where it was received since
   * `knownSince` and began another run, but for the one that this is begun instead of.
   */
  | {
      readonly type: "delivery.claim";
      readonly pipeline: string;
      readonly key: Uint8Array;
      readonly runId: string;
      readonly at: number;
      /** 16 bytes of the SHA-256 of its body; null where it is no matter. */
      readonly body: Uint8Array | null;
      readonly knownSince: number;
      readonly insteadOf: string | null;
    }
  /** What has begun one run, which did not succeed, counts as beginning another from now on. */
  | { readonly type: "delivery.take_over"; readonly from: string; readonly to: string }
  /** Removes a few of those that were received before this time. */
  | { readonly type: "delivery.trim_old"; readonly before: number };

export interface SameBody {
  /** 16 bytes of the SHA-256 of the body. */
  readonly body: Uint8Array;
  /** When the other was received at the earliest. */
  readonly since: number;
}

export type InboundWrite =
  /** `sameBody`: which runs are looked for that the same body began, of which the newest goes on record. */
  | { readonly type: "inbound.put"; readonly record: InboundRecord; readonly sameBody?: SameBody | undefined }
  /** The same request once more, for another run: each run takes its own with it. Fails with RUN_NOT_FOUND. */
  | { readonly type: "inbound.copy"; readonly from: string; readonly id: string; readonly runId: string }
  /** Nothing is kept of a request that is not there. */
  | { readonly type: "inbound.answer"; readonly id: string; readonly answer: InboundAnswer }
  /** Removes refused requests; accepted ones go with their runs. */
  | { readonly type: "inbound.remove_refused"; readonly ids: readonly string[] };

export type ValueWrite =
  | { readonly type: "value.set"; readonly pipeline: string; readonly key: string; readonly value: JsonValue }
  | { readonly type: "value.delete"; readonly pipeline: string; readonly key: string };

/** Replaces the run's artifact of the same name. */
export interface ArtifactWrite {
  readonly type: "artifact.put";
  readonly runId: string;
  readonly artifact: StoredArtifact;
}

/** An artifact with the host call that saved it, which names its file. */
export interface StoredArtifact extends Artifact {
  readonly number: number;
}

/** The secret that was given with an upload: a reference or the secret itself. */
export type WebhookSecretWrite =
  | { readonly type: "webhook_secret.put"; readonly pipeline: string; readonly secret: string }
  | { readonly type: "webhook_secret.remove"; readonly pipeline: string };

/** A secret that only the server's key opens. */
export interface StoredSecret {
  /** Null: of every pipeline. */
  readonly pipeline: string | null;
  readonly name: string;
  readonly sealed: Uint8Array;
  readonly updatedAt: number;
}

export type SecretWrite =
  /** Replaces the one of the same name and pipeline. */
  | { readonly type: "secret.put"; readonly secret: StoredSecret }
  | { readonly type: "secret.remove"; readonly pipeline: string | null; readonly name: string };

/** How far a schedule has come; `schedule` says which of the pipeline's it is. */
export type ScheduleWrite =
  /** Its ticks up to this time are dealt with; a new one begins so. */
  | {
      readonly type: "schedule.put";
      readonly pipeline: string;
      readonly schedule: string;
      readonly doneUntil: number;
    }
  /**
   * One tick is dealt with: by this run, or by one that was skipped, where null. Fails with INTERNAL where that tick or
   * a later one is already, so that no tick has two runs.
   */
  | {
      readonly type: "schedule.tick";
      readonly pipeline: string;
      readonly schedule: string;
      readonly tick: number;
      readonly runId: string | null;
    }
  | { readonly type: "schedule.remove"; readonly pipeline: string; readonly schedule: string };

/** A paused pipeline starts no runs. */
export type PauseWrite =
  | { readonly type: "pipeline.pause"; readonly pipeline: string; readonly at: number }
  | { readonly type: "pipeline.resume"; readonly pipeline: string };

/** Removing what is too old. Each is a small piece of work, to be repeated while something is left to do. */
export type UpkeepWrite =
  /** Removes an ended run with its steps, journal, log, artifacts and inbound request; an unfinished one stays. */
  | { readonly type: "run.remove"; readonly id: string }
  /** Removes the last part of the details of an ended run: a large one is removed piece by piece, then by `run.remove`. */
  | {
      readonly type:
        "run.trim_log" | "run.trim_outcomes" | "run.trim_calls" | "run.trim_deliveries" | "run.trim_observations";
      readonly id: string;
    }
  /** Gives 1 MiB of the file that is not used any more back to the disk. */
  | { readonly type: "space.give_back" }
  /** Writes what is there already: shows whether anything can be written. */
  | { readonly type: "space.probe" };
