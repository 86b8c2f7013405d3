// The contract of the engine: the verbs that the server and the command line call.

import type { JsonValue } from "../core/json.ts";
import type { JournalRecord } from "../core/journal-record.ts";
import type { LogEntry } from "../core/log-entry.ts";
import type { PipelineExtension } from "../core/pipeline-file.ts";
import type { Artifact, Run, RunStatus } from "../core/run.ts";
import type { Pipeline, Problem } from "../pipelines/pipelines.ts";
import type { KeptRequest, RequestPage, RequestQuery } from "../store/store.ts";
import type { EventVerbs } from "./events/event-desk.ts";
import type { Decision } from "./news-terms.ts";
import type { TargetDesk } from "./outbound/target-desk.ts";
import type { ResourceDesk } from "./resources/resource-desk.ts";
import type { ScheduleOverview } from "./scheduler.ts";
import type { ReadJournalOptions } from "./read-journal.ts";
import type { EndpointDesk } from "./outbound/endpoint-desk.ts";
import type { SecretOverview } from "./stored-secrets.ts";
import type { SecretSource } from "./uploaded-secrets.ts";

/** A webhook as the server received it, before its body is read. */
export interface RequestHead {
  /** Pipeline id from the address, percent-decoded. */
  readonly pipeline: string;
  readonly method: string;
  /** Path with query string, as received. */
  readonly url: string;
  /** Names in lower case; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** First value of each query parameter. */
  readonly query: Readonly<Record<string, string>>;
  /** IP address of the sender; `unknown` where a proxy does not say it; null where there is none, on a unix socket. */
  readonly address: string | null;
}

/** Complete, within the limits, otherwise untouched. */
export interface ReceivedRequest extends RequestHead {
  readonly body: Uint8Array;
}

/** Reads the body, which is read only once. @param maxBytes absent: the server's own limit. */
export type ReadBody = (maxBytes?: number) => Promise<Uint8Array>;

/** What the caller of a webhook is answered: the script's own response, or the run's id where there is none in time. */
export type WebhookAnswer =
  | {
      readonly type: "response";
      readonly runId: string;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly type: "accepted"; readonly runId: string }
  /** The pipeline's `webhook.when` does not hold: the request is recorded with the reason, and there is no run. */
  | { readonly type: "skipped"; readonly reason: string }
  /** The delivery has come before, and this is the run that it began: it goes on or has succeeded, so there is no other. */
  | { readonly type: "duplicate"; readonly runId: string }
  /** The caller asked for the run's log, and the pipeline allows it. */
  | { readonly type: "stream"; readonly runId: string };

/** What a recorded request that was sent once more came to. */
export interface Redelivery {
  /** The new record. */
  readonly requestId: string;
  readonly answer: WebhookAnswer;
}

export interface RedeliverOptions {
  /** Begin a run whatever the request was refused for, and though the pipeline's condition does not hold. */
  readonly force: boolean;
}

export interface TriggerInput {
  /** Values as given; texts are converted to the declared types. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
  /** Names of jobs: the run is for those, and for all that need them. Absent or empty: for all. */
  readonly jobs?: readonly string[];
}

export interface RunListQuery {
  readonly pipeline?: string;
  readonly status?: RunStatus;
  /** 1 to 500. */
  readonly limit: number;
  readonly cursor?: string;
}

export interface FollowOptions {
  /** Only entries after this one; 0 for all. */
  readonly afterSeq: number;
  /** Go on until the run has ended; else only what is there now. */
  readonly follow: boolean;
  readonly signal?: AbortSignal;
}

export interface RerunOptions {
  /** Id, number or name of a step: what came before it is taken over. Absent: from the beginning. */
  readonly from?: string | undefined;
}

/** A pipeline with its newest run. */
export interface PipelineOverview {
  readonly pipeline: Pipeline;
  readonly lastRun: Run | null;
  readonly secretFrom: SecretSource;
  /** It starts no runs until it is resumed. */
  readonly paused: boolean;
}

/** A pipeline's file as it is uploaded. */
export interface PipelineUpload {
  readonly source: string;
  readonly extension: PipelineExtension;
  /** A reference or the secret itself; null removes the one that was given before, absent leaves it. */
  readonly webhookSecret?: string | null;
}

export interface UploadedPipeline {
  readonly overview: PipelineOverview;
  readonly change: "created" | "updated" | "unchanged";
  /** What the uploader should know, as that a secret in the file wins. */
  readonly warnings: readonly string[];
}

/** A saved file of a run, for reading. */
export interface OpenArtifact {
  readonly artifact: Artifact;
  /** Absolute path of a file that does not change. */
  readonly path: string;
}

/** An approval that waits, as whoever has its link sees it. */
export interface LinkedApproval {
  readonly runId: string;
  readonly pipeline: string;
  readonly name: string;
  readonly message: string | null;
  /** Of the link, in milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

export interface StopOptions {
  /** End running steps instead of leaving them. */
  readonly stopSteps: boolean;
  /** How long answers in flight may take. */
  readonly graceMs: number;
}

export type SecretPlace = Pick<SecretOverview, "name" | "pipeline">;

export interface Engine {
  /**
   * Verifies, records and runs a webhook; resolves with the script's response, or after the webhook time-out, or when
   * the run ends without responding, or at once where too many callers wait. The run is durable before this resolves.
   * The body is read only where its sender may send one.
   * @throws {AppError} PIPELINE_NOT_FOUND, WEBHOOK_DISABLED, PIPELINE_BROKEN when it never had a good version,
   *   ADDRESS_NOT_ALLOWED, RATE_LIMITED with `details.retry_after_seconds`, whatever `readBody` throws, SECRET_MISSING, SIGNATURE_INVALID, PIPELINE_PAUSED, QUEUE_FULL, STORE_UNAVAILABLE, SHUTTING_DOWN, DISK_LOW.
   */
  receiveWebhook(head: RequestHead, readBody: ReadBody): Promise<WebhookAnswer>;
  /** Recorded requests, those that are answered by now included. @throws {AppError} BAD_REQUEST when the cursor is not one of ours. */
  listRequests(query: RequestQuery): Promise<RequestPage>;
  /** @throws {AppError} REQUEST_NOT_FOUND. */
  getRequest(id: string): Promise<KeptRequest>;
  /**
   * A recorded request once more through all that comes behind its verification; resolves as `receiveWebhook` does.
   * @throws {AppError} REQUEST_NOT_FOUND, REQUEST_CUT where only the beginning of its body was kept, REQUEST_NOT_VERIFIED
   *   without `force` where its sender was not believed, and all of `receiveWebhook` but for its signature.
   */
  redeliver(id: string, options: RedeliverOptions): Promise<Redelivery>;
  /**
   * Creates a run by hand; it is durable when this resolves.
   * @throws {AppError} PIPELINE_NOT_FOUND, PIPELINE_BROKEN, PIPELINE_PAUSED, PARAM_INVALID, QUEUE_FULL,
   *   STORE_UNAVAILABLE, SHUTTING_DOWN, DISK_LOW.
   */
  trigger(pipeline: string, input: TriggerInput): Promise<{ readonly runId: string }>;
  /**
   * Creates a run with the input of an ended one; it is durable when this resolves. From its beginning it has the
   * version that is in force, from a step the script of the ended run.
   * @throws {AppError} RUN_NOT_FOUND, RUN_NOT_ENDED, STEP_NOT_FOUND, VALIDATION_FAILED where several steps have the name,
   *   RERUN_IMPOSSIBLE where something that came before the step cannot be taken over, and all of `trigger`.
   */
  rerun(id: string, options: RerunOptions): Promise<{ readonly runId: string }>;
  /** @throws {AppError} RUN_NOT_FOUND. */
  getRun(id: string): Promise<Run>;
  /** @throws {AppError} BAD_REQUEST when the cursor is not one of ours. */
  listRuns(query: RunListQuery): Promise<{ readonly runs: readonly Run[]; readonly nextCursor: string | null }>;
  /** The run when it has ended, or as it is after `timeoutMs`. @throws {AppError} RUN_NOT_FOUND. */
  waitForEnd(id: string, timeoutMs: number, signal?: AbortSignal): Promise<Run>;
  /** The same for somebody outside: as it is now where too many callers wait. @throws {AppError} RUN_NOT_FOUND. */
  waitAsCaller(id: string, timeoutMs: number, signal?: AbortSignal): Promise<Run>;
  /** The entries of a run's log in order. @throws {AppError} RUN_NOT_FOUND at the first step. */
  readLogs(id: string, options: FollowOptions): AsyncIterable<LogEntry>;
  /**
   * The journal of a run, for a replay elsewhere; of one that has not ended what there is now.
   * @throws {AppError} RUN_NOT_FOUND at the first step, or later where the run is removed meanwhile.
   */
  readJournal(id: string, options: ReadJournalOptions): AsyncIterable<JournalRecord>;
  /** Asks a run to end; resolves when that is recorded. @throws {AppError} RUN_NOT_FOUND, RUN_ALREADY_ENDED. */
  cancel(id: string): Promise<Run>;
  /**
   * Answers an approval that a run waits for; resolves with the run when that is recorded.
   * @throws {AppError} RUN_NOT_FOUND, RUN_ALREADY_ENDED, APPROVAL_NOT_FOUND, APPROVAL_DECIDED, STORE_UNAVAILABLE,
   *   SHUTTING_DOWN.
   */
  decide(runId: string, approval: string, decision: Decision): Promise<Run>;
  /** The approval that a link is for. @throws {AppError} NOT_FOUND for what is no link of ours, LINK_USED, LINK_EXPIRED. */
  findLinkedApproval(code: string): Promise<LinkedApproval>;
  /** The same as `decide`, by a link. @throws {AppError} as `findLinkedApproval`; STORE_UNAVAILABLE, SHUTTING_DOWN. */
  decideLinked(code: string, decision: Decision): Promise<LinkedApproval>;
  /**
   * Gives a value to every call of a run that waits for a signal of this name; resolves with the run when that is recorded.
   * @throws {AppError} RUN_NOT_FOUND, RUN_ALREADY_ENDED, SIGNAL_NOT_AWAITED, STORE_UNAVAILABLE, SHUTTING_DOWN.
   */
  signal(runId: string, name: string, value: JsonValue): Promise<Run>;
  readonly events: EventVerbs;
  listPipelines(): Promise<readonly PipelineOverview[]>;
  /** @throws {AppError} PIPELINE_NOT_FOUND. */
  getPipeline(id: string): Promise<PipelineOverview>;
  /**
   * Puts an uploaded file into the pipelines folder, atomically, once it has been found to load; in force when this
   * resolves.
   * @throws {AppError} VALIDATION_FAILED for the id or the secret, LOAD_FAILED with `details.problems`,
   *   STORE_UNAVAILABLE, SANDBOX_FAILED, SHUTTING_DOWN, DISK_LOW: nothing has changed then.
   */
  setPipeline(id: string, upload: PipelineUpload): Promise<UploadedPipeline>;
  /**
   * What is wrong with a file as it would be uploaded; nothing changes but that events tell of it.
   * @throws {AppError} VALIDATION_FAILED for the id, STORE_UNAVAILABLE, SANDBOX_FAILED, SHUTTING_DOWN.
   */
  checkPipeline(id: string, upload: PipelineUpload): Promise<readonly Problem[]>;
  /** The pipeline starts no runs until it is resumed; those that are queued begin. @throws {AppError} PIPELINE_NOT_FOUND. */
  pausePipeline(id: string): Promise<PipelineOverview>;
  /** @throws {AppError} PIPELINE_NOT_FOUND. */
  resumePipeline(id: string): Promise<PipelineOverview>;
  /** By name, without their values: those are given to nobody. */
  listSecrets(): readonly SecretOverview[];
  /** Sets a secret, or replaces it; durable when this resolves. @throws {AppError} VALIDATION_FAILED, CONFIG_INVALID, STORE_UNAVAILABLE, SHUTTING_DOWN. */
  setSecret(place: SecretPlace, value: string): Promise<SecretOverview & { readonly isNew: boolean }>;
  /** @throws {AppError} SECRET_NOT_FOUND, STORE_UNAVAILABLE. */
  removeSecret(place: SecretPlace): Promise<void>;
  /** Where events are sent to, and what was. */
  readonly endpoints: EndpointDesk;
  /** Where notifications go. */
  readonly targets: TargetDesk;
  /** Of YAML pipelines: what is known of them, and a check before it is due. */
  readonly resources: Pick<ResourceDesk, "list" | "check">;
  /** By pipeline. */
  listSchedules(): readonly ScheduleOverview[];
  /** Removes the pipeline's file and its webhook secret; its runs stay. @throws {AppError} PIPELINE_NOT_FOUND, STORE_UNAVAILABLE. */
  removePipeline(id: string): Promise<void>;
  /** @throws {AppError} RUN_NOT_FOUND, ARTIFACT_NOT_FOUND. */
  openArtifact(runId: string, name: string): Promise<OpenArtifact>;
  /** @throws {AppError} why no new runs are taken now: SHUTTING_DOWN, STORE_UNAVAILABLE, DISK_LOW. */
  checkReady(): void;
  stop(options: StopOptions): Promise<void>;
}
