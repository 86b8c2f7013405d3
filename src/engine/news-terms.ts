// Approvals and signals: what they wait for, from the arguments of their calls, and what the log says about it.

import { AppError } from "../core/app-error.ts";
import { parseDuration } from "../core/duration.ts";
import type { CallOutcome } from "../store/store.ts";
import type { OngoingCallOptions } from "./ongoing-call.ts";
import type { WaitBeginning, WaitEnd, WaitTerms } from "./wait-call.ts";

interface ApprovalArguments {
  readonly message?: string;
  readonly timeout?: string | number;
  readonly onTimeout: "deny" | "approve" | "fail";
}

/** A decision as a script is given it. */
export interface Decision {
  readonly approved: boolean;
  /** Who decided, in their own words, or by which way. */
  readonly by: string;
  readonly comment: string | null;
}

/** A link lies about in chats and histories. */
export const longestLinkMs = 7 * 24 * 60 * 60 * 1000;

/** How long is waited, and what comes of it when nobody has answered by then. */
export type WaitLimit = Required<Pick<WaitTerms, "until" | "atTime">>;

type NewsCall = Pick<OngoingCallOptions["call"], "name" | "args">;

/** @throws {AppError} VALIDATION_FAILED when the timeout is no duration. */
export function approvalTerms(options: OngoingCallOptions): WaitTerms {
  const { call, startedAt } = options;
  const { message } = call.args as unknown as ApprovalArguments;
  const limit = approvalLimit(call, startedAt);
  return {
    ...limit,
    kind: "approval",
    ...(message === undefined ? {} : { message }),
    begin: () => beginWithLine(options, approvalText(options, limit.until, message)),
  };
}

/** @throws {AppError} VALIDATION_FAILED when the timeout is no duration. */
export function approvalLimit({ name, args }: NewsCall, startedAt: number): WaitLimit {
  const { timeout, onTimeout } = args as unknown as ApprovalArguments;
  return { until: untilOf(timeout, startedAt), atTime: approvalTimeout(name, onTimeout) };
}

/** How an approval ends by a decision. */
export function endOfApproval({ approved, by, comment }: Decision): WaitEnd {
  const message = `${approved ? "approved" : "denied"} by ${by}${comment === null ? "" : `: ${comment}`}`;
  return { outcome: decided({ approved, by, comment }), status: approved ? "succeeded" : "failed", message };
}

/** @throws {AppError} VALIDATION_FAILED when the timeout is no duration. */
export function signalTerms(options: OngoingCallOptions): WaitTerms {
  const { call, run, startedAt } = options;
  const limit = signalLimit(call, startedAt);
  const text =
    `waits for the signal ${JSON.stringify(call.name)}${describeUntil(limit.until)}; ` +
    `send it with \`runner signal ${run.id} ${quote(call.name)}\``;
  return { ...limit, kind: "signal", begin: () => beginWithLine(options, text) };
}

/** @throws {AppError} VALIDATION_FAILED when the timeout is no duration. */
export function signalLimit({ name, args }: NewsCall, startedAt: number): WaitLimit {
  const { timeout } = args as { readonly timeout?: string | number };
  const message = `nobody sent the signal ${JSON.stringify(name)} in time`;
  const error = { code: "SIGNAL_TIMEOUT" satisfies AppError["code"], message };
  return {
    until: untilOf(timeout, startedAt),
    atTime: { outcome: { ok: false, error }, status: "timed_out", message },
  };
}

function untilOf(timeout: string | number | undefined, startedAt: number): number | null {
  return timeout === undefined ? null : startedAt + parseDuration(timeout);
}

function approvalTimeout(name: string, onTimeout: ApprovalArguments["onTimeout"]): WaitEnd {
  if (onTimeout === "fail") {
    const message = `nobody decided the approval ${JSON.stringify(name)} in time`;
    const error = { code: "APPROVAL_TIMEOUT" satisfies AppError["code"], message };
    return { outcome: { ok: false, error }, status: "timed_out", message: "nobody decided in time" };
  }
  const approved = onTimeout === "approve";
  return {
    outcome: decided({ approved, by: "timeout", comment: null }),
    status: approved ? "succeeded" : "timed_out",
    message: `nobody decided in time: ${approved ? "approved" : "denied"}`,
  };
}

function decided({ approved, by, comment }: Decision): CallOutcome {
  return { ok: true, value: { approved, by, comment } };
}

function beginWithLine({ parts, run, call, output }: OngoingCallOptions, text: string): WaitBeginning {
  if (!parts.takesNews) {
    throw new AppError("UNSUPPORTED", `${call.kind} ${JSON.stringify(call.name)}: nobody can answer without a server`, {
      hint: "run the pipeline with `runner trigger` on a running server",
    });
  }
  const afterCall = call.number;
  const line = output.log.append(run.id, { at: parts.clock.now(), source: "system", level: "info", text, afterCall });
  return { writes: [line.write], effect: line.show };
}

function approvalText(options: OngoingCallOptions, until: number | null, message: string | undefined): string {
  const { run, call } = options;
  const question = message === undefined ? "" : `: ${message.replaceAll(/\s*\n\s*/g, " ")}`;
  const target = `${run.id} ${quote(call.name)}`;
  return (
    `waits for the approval ${JSON.stringify(call.name)}${describeUntil(until)}${question} — ` +
    `\`runner approve ${target}\` or \`runner deny ${target}\`; ${linkText(options, until)}`
  );
}

function linkText({ parts, run, call, startedAt, isLogShared }: OngoingCallOptions, until: number | null): string {
  if (isLogShared) return "no link is shown, as the sender of the webhook may read this log";
  const expiresAt = Math.min(until ?? Number.POSITIVE_INFINITY, startedAt + longestLinkMs);
  const link = parts.approvalLinks.make({ runId: run.id, number: call.number, expiresAt });
  return link === null ? "there is no link, as the server was started without --public-url" : `or at ${link}`;
}

function describeUntil(until: number | null): string {
  return until === null ? "" : ` until ${new Date(until).toISOString()}`;
}

/** A name as a shell takes it for one word. */
function quote(name: string): string {
  return /^[\w./:@-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
