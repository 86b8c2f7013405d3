// What a script says about itself in `export const config`, validated.

import type { JsonValue } from "./json.ts";
import type { FinalRunStatus } from "./run.ts";
import type { WebhookAlgorithm } from "./webhook-provider.ts";

/** Memory maximum of a sandbox, where its script does not say. */
export const defaultMemoryBytes = 64 * 1024 ** 2;

export const paramTypes = ["string", "number", "boolean", "any"] as const;
/** `any` is a JSON value as it was given: what a command line gives stays text. */
export type ParamType = (typeof paramTypes)[number];

export interface ParamSpec {
  readonly type: ParamType;
  readonly default?: JsonValue;
  readonly enum?: readonly (string | number | boolean)[];
  readonly required: boolean;
  readonly description?: string;
}

export interface WebhookConfig {
  /** Pinned provider; absent: detected by headers. */
  readonly provider?: string;
  /** `env:NAME`, `file:/path`, `secret:NAME` or the secret itself; of several any may have signed. Absent: every request is accepted. */
  readonly secret?: string | readonly string[];
  /** Signatures by this are believed, and no others; absent: those that the provider makes, but for SHA-1. */
  readonly algorithm?: WebhookAlgorithm;
  /** How far a signed time may be from now; absent: as the provider says. */
  readonly toleranceMs?: number;
  /** A caller may follow its run with `?stream=1`. */
  readonly stream?: boolean;
  /** A condition on the request; where it does not hold no run begins. */
  readonly when?: string;
  /** An expression for what tells a delivery from others; absent: the id that its sender gives it; false: all are new. */
  readonly dedupe?: string | false;
  /** A JSON Schema of the payload; what does not fit it is refused. */
  readonly schema?: Readonly<Record<string, JsonValue>>;
  /** How often requests are taken; false: however many come. */
  readonly rate?: WebhookRate | false;
  /** Addresses and networks, as written: only requests from these are taken. */
  readonly allow?: readonly string[];
  /** Absent: the default of 1 MiB. */
  readonly maxBodyBytes?: number;
}

/** Each so many at once, and after those as many a minute. */
export interface WebhookRate {
  /** Of all that are believed; absent: no limit. */
  readonly perMinute?: number;
  /** Of all from one address, believed or not; absent: 60 for a pipeline without a secret, from other machines. */
  readonly perAddressPerMinute?: number;
}

/** What becomes of a run that comes while as many others have its concurrency key as may execute at once. */
export const conflictRules = ["queue", "cancel-running", "skip", "replace-queued"] as const;
export type ConflictRule = (typeof conflictRules)[number];

/** What becomes of the ticks of a schedule that came while the server was down. */
export const catchUpRules = ["none", "last", "all"] as const;
export type CatchUpRule = (typeof catchUpRules)[number];

export interface ScheduleConfig {
  /** As written: a cron expression of five fields or six, `@daily` and the like, or `@every 15m`. */
  readonly cron: string;
  /** IANA name; null: that of the server. */
  readonly timezone: string | null;
  /** A run begins at its tick or up to this much later, always the same for the same tick. */
  readonly jitterMs: number;
  readonly catchUp: CatchUpRule;
  /** A run may begin while the one before it goes on; else its tick is skipped. */
  readonly overlap: boolean;
  /** Given to each run, of the declared types. */
  readonly params: ParamValues;
}

/** Another pipeline, and the ends of its runs that each begin one of this pipeline. */
export interface AfterConfig {
  readonly pipeline: string;
  readonly statuses: readonly FinalRunStatus[];
}

/** What a target is told of: the ends of runs, a success after a failure, and a run that waits for a decision. */
export const notifyReasons = [
  "succeeded",
  "failed",
  "cancelled",
  "timed_out",
  "skipped",
  "recovered",
  "approval",
] as const;
/** `failed` is also of runs that were over their time. */
export type NotifyReason = (typeof notifyReasons)[number];

export interface NotifyConfig {
  readonly on: readonly NotifyReason[];
  /** Names of targets; they need not be there. */
  readonly to: readonly string[];
}

export interface JobConfig {
  readonly name: string;
  /** Jobs that are done before it begins. */
  readonly needs: readonly string[];
  /** Those of them whose new versions it is for: each of the lists is of jobs that a version has to pass together. */
  readonly follows: readonly (readonly string[])[];
}

export interface ResourceConfig {
  readonly name: string;
  readonly type: string;
  /** With `((vars))`. */
  readonly source: Readonly<Record<string, JsonValue>>;
  /** The one version that there is to be. */
  readonly version?: Readonly<Record<string, string>>;
  /** Between two checks; null: none. */
  readonly checkEveryMs: number | null;
  /** Jobs that begin on a new version. */
  readonly triggers: readonly ResourceTrigger[];
}

export interface ResourceTrigger {
  readonly job: string;
  /** Once for the newest of several new ones, or once for each. */
  readonly mode: "latest" | "every";
}

/** Which ended runs of the pipeline stay, where that is less than the server keeps. */
export interface RetentionConfig {
  /** The newest so many. */
  readonly runs?: number;
  /** Those that ended in so many days. */
  readonly days?: number;
  /** Of those that succeeded, at least so many of the newest. */
  readonly minSucceeded?: number;
}

export interface PipelineConfig {
  /** `false`: this pipeline has no webhook. */
  readonly webhook: WebhookConfig | false;
  readonly params: Readonly<Record<string, ParamSpec>>;
  /** Wall-clock limit of a run, waiting included; absent: none. */
  readonly timeoutMs?: number;
  /** Memory maximum of the sandbox; absent: the default of 64 MiB. */
  readonly memoryBytes?: number;
  /** Queued runs of a higher one begin earlier; absent: 0. */
  readonly priority?: number;
  /** How many runs with the same concurrency key may execute at once; absent: no own limit. */
  readonly concurrencyLimit?: number;
  /** A text with holes that says which runs share the limit; absent: those of this pipeline. */
  readonly concurrencyKey?: string;
  /** Absent: `queue`. */
  readonly onConflict?: ConflictRule;
  readonly retention?: RetentionConfig;
  readonly schedules?: readonly ScheduleConfig[];
  readonly after?: readonly AfterConfig[];
  readonly notify?: readonly NotifyConfig[];
  /** Absent: the pipeline has none until a run declares some. */
  readonly jobs?: readonly JobConfig[];
  /** What is looked at for new versions, between runs. */
  readonly resources?: readonly ResourceConfig[];
}

export type ParamValues = Readonly<Record<string, JsonValue>>;
