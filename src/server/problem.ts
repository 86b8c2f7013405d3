// Errors as RFC 9457 problem details: the border where an AppError becomes an HTTP answer.

import { STATUS_CODES } from "node:http";
import { AppError, type ErrorCode, httpStatusOf } from "../core/app-error.ts";
import { apiHeaders } from "./json-response.ts";

/** `code` and `hint` are our extension members (RFC 9457 §3.2). */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** After these the rest of the body is on its way, and reading it is what the error refuses to do. */
const closing: ReadonlySet<ErrorCode> = new Set(["BODY_TOO_LARGE", "BODY_TIMEOUT", "HEADERS_TOO_LARGE"]);

const retryAfterSeconds = 5;

export function toProblem(error: AppError): Problem {
  const status = httpStatusOf(error.code);
  const shown = error.code === "INTERNAL" ? internal : error;
  return {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: shown.message,
    code: error.code,
    hint: shown.hint ?? null,
    ...(Object.keys(shown.details).length > 0 ? { details: shown.details } : {}),
  };
}

/** What of an unexpected error leaves the server: nothing. */
const internal = new AppError("INTERNAL", "the server failed while answering this request", {
  hint: "the server's log has the reason",
});

export interface ProblemOptions {
  /** Methods of the resource, for 405. */
  readonly allow?: string;
  /** The body was not read and may be long. */
  readonly close?: boolean;
}

export function problemResponse(error: AppError, options: ProblemOptions = {}): Response {
  const problem = toProblem(error);
  const headers: Record<string, string> = { ...apiHeaders, "content-type": "application/problem+json" };
  if (problem.status === 401 && error.code === "UNAUTHORIZED") headers["www-authenticate"] = 'Bearer realm="runner"';
  const retryAfter = error.details["retry_after_seconds"];
  if (typeof retryAfter === "number") headers["retry-after"] = String(retryAfter);
  else if (problem.status === 503) headers["retry-after"] = String(retryAfterSeconds);
  if (options.allow !== undefined) headers["allow"] = options.allow;
  if (options.close || closing.has(error.code)) headers["connection"] = "close";
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
