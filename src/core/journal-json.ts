// A record of a journal as JSON, and back: one such object per line is the NDJSON of a journal.

import { AppError } from "./app-error.ts";
import type { JsonValue } from "./json.ts";
import type {
  CallRecord,
  JournalHead,
  JournalRecord,
  RecordedOutcome,
  RecordedRequest,
  RecordedRun,
} from "./journal-record.ts";
import type { PrecedingRun } from "./run.ts";
import { type RunJson, timeToJson } from "./run-json.ts";

/** A value of a script is as the script gave it; all else is snake_case. */
export type JournalJson = Readonly<Record<string, JsonValue | undefined>> & { readonly type: JournalRecord["type"] };

export function journalRecordToJson(record: JournalRecord): JournalJson {
  switch (record.type) {
    case "run":
      return headToJson(record);
    case "observed":
      return { type: "observed", after_seq: record.afterSeq, values: record.values };
    case "call":
      return callToJson(record);
    case "delivery":
    case "end":
      return { ...record };
  }
}

function headToJson(head: JournalHead): JournalJson {
  const { request, bundle } = head;
  return {
    type: "run",
    run: runToJson(head.run),
    params: head.params,
    args: head.args,
    target_jobs: head.targetJobs,
    request: request && requestToJson(request),
    seed: head.seed,
    script_run_id: head.scriptRunId,
    after: head.after && afterToJson(head.after),
    cancel: head.cancel && { code: head.cancel.code, message: head.cancel.message },
    format: head.format,
    memory_bytes: head.memoryBytes,
    script_hash: head.bundleHash,
    script: bundle === null ? null : { code: bundle.code, source_map: bundle.sourceMap },
  };
}

function requestToJson({ eventType, bodyBase64, ...received }: RecordedRequest): JsonValue {
  return { event_type: eventType, ...received, body_base64: bodyBase64 ?? null };
}

function requestFromJson({ event_type: eventType, body_base64: base64, ...received }: RequestJson): RecordedRequest {
  return { eventType, ...received, ...(base64 ? { bodyBase64: base64 } : {}) };
}

function afterToJson({ runId, error, ...end }: PrecedingRun): JsonValue {
  return { ...end, run_id: runId, error: error && { ...error } };
}

function afterFromJson({ run_id: runId, ...end }: PrecedingRunJson): PrecedingRun {
  return { ...end, runId };
}

function runToJson({ error, ...run }: RecordedRun): JsonValue {
  return {
    id: run.id,
    pipeline: run.pipeline,
    status: run.status,
    triggered_by: run.triggeredBy,
    rerun_of: run.rerunOf,
    created_at: timeToJson(run.createdAt),
    started_at: run.startedAt === null ? null : timeToJson(run.startedAt),
    result: run.result,
    error: error && { ...error },
  };
}

function runFromJson(run: RecordedRunJson): RecordedRun {
  return {
    id: run.id,
    pipeline: run.pipeline,
    status: run.status,
    triggeredBy: run.triggered_by,
    rerunOf: run.rerun_of,
    createdAt: Date.parse(run.created_at),
    startedAt: run.started_at === null ? null : Date.parse(run.started_at),
    result: run.result,
    error: run.error as RecordedRun["error"],
  };
}

function callToJson({ outcome, ...call }: CallRecord): JournalJson {
  return {
    type: "call",
    number: call.number,
    kind: call.kind,
    name: call.name,
    args: call.args,
    args_hash: call.argsHash,
    started_at: timeToJson(call.startedAt),
    after_seq: call.afterSeq,
    outcome:
      outcome === null ? null : outcome.ok ? { ok: true, value: outcome.value } : { ok: false, error: outcome.error },
  };
}

type RecordedRunJson = Pick<
  RunJson,
  "id" | "pipeline" | "status" | "triggered_by" | "rerun_of" | "created_at" | "started_at" | "result" | "error"
>;

type PrecedingRunJson = Omit<PrecedingRun, "runId"> & { readonly run_id: string };

interface RequestJson extends Omit<RecordedRequest, "eventType" | "bodyBase64"> {
  readonly event_type: string;
  /** null: the bytes are those of the text. */
  readonly body_base64: string | null;
}

interface HeadJson {
  readonly run: RecordedRunJson;
  readonly params: JournalHead["params"];
  readonly args: JournalHead["args"];
  /** Absent in what an older version wrote. */
  readonly target_jobs?: JournalHead["targetJobs"];
  readonly request: RequestJson | null;
  readonly seed: string;
  readonly script_run_id: string;
  readonly after: PrecedingRunJson | null;
  readonly cancel: JournalHead["cancel"];
  readonly format: number;
  readonly memory_bytes: number | null;
  readonly script_hash: string;
  readonly script: { readonly code: string; readonly source_map: string } | null;
}

interface CallJson extends Pick<CallRecord, "number" | "kind" | "name" | "args"> {
  readonly args_hash: string;
  readonly started_at: string;
  readonly after_seq: number;
  readonly outcome: RecordedOutcome | null;
}

/** @throws {AppError} VALIDATION_FAILED when it is no record that this version knows. */
export function journalRecordFromJson(json: unknown): JournalRecord {
  const { type, ...fields } = (json ?? {}) as Readonly<Record<string, unknown>>;
  switch (type) {
    case "run":
      return headFromJson(fields as unknown as HeadJson);
    case "observed": {
      const { values, after_seq: afterSeq } = fields as { readonly values: JsonValue; readonly after_seq: number };
      return { type, values, afterSeq };
    }
    case "call":
      return callFromJson(fields as unknown as CallJson);
    case "delivery":
    case "end":
      return json as JournalRecord;
    default:
      throw new AppError("VALIDATION_FAILED", `the journal has a record of an unknown type: ${JSON.stringify(type)}`, {
        hint: "the server is of another version than this program",
      });
  }
}

function headFromJson({ run, request, script, ...head }: HeadJson): JournalHead {
  return {
    type: "run",
    run: runFromJson(run),
    params: head.params,
    args: head.args,
    targetJobs: head.target_jobs ?? [],
    request: request && requestFromJson(request),
    seed: head.seed,
    scriptRunId: head.script_run_id,
    after: head.after && afterFromJson(head.after),
    cancel: head.cancel,
    format: head.format,
    memoryBytes: head.memory_bytes,
    bundleHash: head.script_hash,
    bundle: script && { hash: head.script_hash, code: script.code, sourceMap: script.source_map },
  };
}

function callFromJson(call: CallJson): CallRecord {
  const { number, kind, name, args, outcome } = call;
  return {
    type: "call",
    number,
    kind,
    name,
    args,
    argsHash: call.args_hash,
    startedAt: Date.parse(call.started_at),
    afterSeq: call.after_seq,
    // JSON has no undefined: a value that is not there is that.
    outcome: outcome?.ok === true ? { ok: true, value: outcome.value } : outcome,
  };
}
