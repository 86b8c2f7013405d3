// The journal of a run as a sequence of records, in the order in which a script that is executed again meets them:
// the run itself, what it observed, then its calls and, each behind the calls that came before it, its deliveries.

import type { Bundle } from "./bundle.ts";
import type { InboundRequest } from "./inbound-request.ts";
import type { JsonValue } from "./json.ts";
import type { ParamValues } from "./pipeline-config.ts";
import type { PrecedingRun, Run } from "./run.ts";

export type JournalRecord = JournalHead | ObservedRecord | CallRecord | DeliveryRecord | JournalTail;

/** What a run is a function of, beside its deliveries. */
export interface JournalHead {
  readonly type: "run";
  readonly run: RecordedRun;
  readonly params: ParamValues;
  readonly args: readonly string[];
  readonly targetJobs: readonly string[];
  /** The webhook as the script sees it. */
  readonly request: RecordedRequest | null;
  readonly seed: string;
  /** The run id that the script sees. */
  readonly scriptRunId: string;
  /** The end that it began with. */
  readonly after: PrecedingRun | null;
  /** Why the run was asked to end. */
  readonly cancel: { readonly code: string; readonly message: string } | null;
  /** How the journal is written: a program knows one format. */
  readonly format: number;
  /** Maximum of the sandbox; null: the default. */
  readonly memoryBytes: number | null;
  /** Hash of the script's bundle. */
  readonly bundleHash: string;
  /** Null where it was not asked for. */
  readonly bundle: Bundle | null;
}

export type RecordedRun = Pick<
  Run,
  "id" | "pipeline" | "status" | "triggeredBy" | "rerunOf" | "createdAt" | "startedAt" | "result" | "error"
>;

export interface RecordedRequest extends Omit<InboundRequest, "body"> {
  readonly body: string;
  /** Only where the bytes are not those of the text. */
  readonly bodyBase64?: string;
}

/** Clock and random values. */
export interface ObservedRecord {
  readonly type: "observed";
  readonly values: JsonValue;
  /** The delivery in whose turn they were seen; 0: the first turn. */
  readonly afterSeq: number;
}

export type RecordedOutcome =
  | { readonly ok: true; readonly value: JsonValue | undefined }
  | {
      readonly ok: false;
      readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
    };

/** A host call and what came of it. */
export interface CallRecord {
  readonly type: "call";
  readonly number: number;
  readonly kind: string;
  readonly name: string;
  readonly args: JsonValue;
  readonly argsHash: string;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** The delivery in whose turn it was made; 0: the first turn. */
  readonly afterSeq: number;
  /** Null where it had none. */
  readonly outcome: RecordedOutcome | null;
}

/** What entered the script: the outcome of a call, a piece of a step's output, or that the run is to end. */
export type DeliveryRecord =
  | { readonly type: "delivery"; readonly seq: number; readonly what: "result"; readonly call: number }
  | {
      readonly type: "delivery";
      readonly seq: number;
      readonly what: "output";
      readonly call: number;
      readonly stream: "stdout" | "stderr";
      readonly text: string;
    }
  | { readonly type: "delivery"; readonly seq: number; readonly what: "cancel" };

/** A journal without this was cut off on its way. */
export interface JournalTail {
  readonly type: "end";
}
