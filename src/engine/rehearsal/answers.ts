// The answers that a test can give, read from its tables: a short form where one thing is usual, else fields.

import type { JsonValue } from "../../core/json.ts";
import { type FinalRunStatus, finalRunStatuses } from "../../core/run.ts";
import type { Decision } from "../news-terms.ts";
import {
  type Fields,
  inside,
  readBody,
  readChoice,
  readDuration,
  readFields,
  readFlag,
  readHeaders,
  readText,
  readWhole,
} from "./read-table.ts";

/** What a call fails with. */
export interface Failure {
  readonly code: string | null;
  readonly message: string;
}

export interface StepAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly takesMs: number;
  /** It cannot be started. */
  readonly error: Failure | null;
  /** The run is cancelled while it executes. */
  readonly cancel: boolean;
}

export interface FetchAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly takesMs: number;
  readonly error: Failure | null;
}

/** Null in a table: nobody decides in time. */
export interface ApprovalAnswer {
  readonly decision: Decision;
  readonly afterMs: number;
}

export interface SignalAnswer {
  readonly value: JsonValue;
  readonly afterMs: number;
}

export interface ChildAnswer {
  readonly status: FinalRunStatus;
  readonly result: JsonValue;
  readonly error: Failure | null;
  readonly takesMs: number;
}

export function readStepAnswer(place: string, value: JsonValue): StepAnswer {
  if (typeof value === "number") return stepAnswer({ code: readWhole(place, value) });
  if (typeof value === "string") return stepAnswer({ stdout: value });
  const fields = readFields(place, value, ["code", "stdout", "stderr", "takes", "error", "cancel"]);
  const { code, stdout, stderr, takes, error, cancel } = fields;
  return stepAnswer({
    ...(code === undefined ? {} : { code: readWhole(inside(place, "code"), code) }),
    ...(stdout === undefined ? {} : { stdout: readText(inside(place, "stdout"), stdout) }),
    ...(stderr === undefined ? {} : { stderr: readText(inside(place, "stderr"), stderr) }),
    ...readTakes(place, takes),
    ...readError(place, error),
    ...(cancel === undefined ? {} : { cancel: readFlag(inside(place, "cancel"), cancel) }),
  });
}

function stepAnswer(given: Partial<StepAnswer>): StepAnswer {
  return { code: 0, stdout: "", stderr: "", takesMs: 0, error: null, cancel: false, ...given };
}

export function readFetchAnswer(place: string, value: JsonValue): FetchAnswer {
  if (typeof value === "number") return fetchAnswer({ status: readWhole(place, value) });
  if (typeof value === "string") return fetchAnswer({ body: value });
  const fields = readFields(place, value, ["status", "headers", "body", "takes", "error"]);
  const { status, headers, takes, error } = fields;
  const { text: body, isJson } = readBody(fields["body"]);
  const usual: Readonly<Record<string, string>> = isJson ? { "content-type": "application/json" } : {};
  return fetchAnswer({
    body,
    headers: { ...usual, ...readHeaders(inside(place, "headers"), headers) },
    ...(status === undefined ? {} : { status: readWhole(inside(place, "status"), status) }),
    ...readTakes(place, takes),
    ...readError(place, error),
  });
}

function fetchAnswer(given: Partial<FetchAnswer>): FetchAnswer {
  return { status: 200, headers: {}, body: "", takesMs: 0, error: null, ...given };
}

function readTakes(place: string, takes: JsonValue | undefined): { readonly takesMs?: number } {
  return takes === undefined ? {} : { takesMs: readDuration(inside(place, "takes"), takes) };
}

function readError(place: string, error: JsonValue | undefined): { readonly error?: Failure } {
  if (error === undefined) return {};
  if (typeof error === "string") return { error: { code: null, message: error } };
  const at = inside(place, "error");
  const { code, message } = readFields(at, error, ["code", "message"]);
  return {
    error: {
      code: code === undefined ? null : readText(inside(at, "code"), code),
      message: readText(inside(at, "message"), message),
    },
  };
}

/** True or false, or "timeout" where nobody decides in time. */
export function readApprovalAnswer(place: string, value: JsonValue): ApprovalAnswer | null {
  if (value === "timeout") return null;
  const { approved, by, comment, after } =
    typeof value === "boolean" ? { approved: value } : readFields(place, value, ["approved", "by", "comment", "after"]);
  return {
    decision: {
      approved: readFlag(inside(place, "approved"), approved),
      by: by === undefined ? "test" : readText(inside(place, "by"), by),
      comment: comment === undefined ? null : readText(inside(place, "comment"), comment),
    },
    afterMs: after === undefined ? 0 : readDuration(inside(place, "after"), after),
  };
}

/** `{ value }`, or "timeout" where nobody sends it in time. */
export function readSignalAnswer(place: string, value: JsonValue): SignalAnswer | null {
  if (value === "timeout") return null;
  const { value: sent = null, after } = readFields(place, value, ["value", "after"]);
  return { value: sent, afterMs: after === undefined ? 0 : readDuration(inside(place, "after"), after) };
}

/** How the run ends: a text is its status. */
export function readChildAnswer(place: string, value: JsonValue): ChildAnswer {
  if (typeof value === "string") {
    return { status: readChoice(place, value, finalRunStatuses), result: null, error: null, takesMs: 0 };
  }
  const { takes, ...end } = readFields(place, value, ["status", "result", "error", "takes"]);
  return { ...readEnd(place, end), takesMs: readTakes(place, takes).takesMs ?? 0 };
}

/** How another run has ended. @throws {AppError} VALIDATION_FAILED. */
export function readEnd(place: string, fields: Fields): Omit<ChildAnswer, "takesMs"> {
  const { error = null } = readError(place, fields["error"]);
  const usual = error === null ? "succeeded" : "failed";
  const { status = usual, result = null } = fields;
  return { status: readChoice(inside(place, "status"), status, finalRunStatuses), result, error };
}
