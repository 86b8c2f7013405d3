// Which of the errors that requests meet go to the server's log. Anybody can send requests, so whatever a request can
// bring about is logged seldom, or where it is known to the engine not at all.

import { AppError, toAppError, type ErrorCode } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import { splitTarget } from "./request-path.ts";

export type ReportError = (error: unknown, request: Request) => void;

/** The engine logs these, with the pipeline and the reason. */
const loggedByEngine: ReadonlySet<ErrorCode> = new Set(["SECRET_MISSING", "SIGNATURE_INVALID", "PIPELINE_BROKEN"]);

/** One line for each code in this time, with the number of those that got none. */
const pauseMs = 10_000;

export function createErrorLog(logger: Pick<Logger, "error">, clock: Pick<Clock, "elapsed">): ReportError {
  const recent = new Map<ErrorCode, { readonly at: number; unlogged: number }>();
  return (thrown, request) => {
    const error = reasonOf(toAppError(thrown));
    // Never the query: a webhook's signature may be in it.
    const fields = { method: request.method, path: splitTarget(request.url).path };
    if (error.code === "INTERNAL") {
      const { stack } = thrown instanceof Error ? thrown : error;
      logger.error("a request failed", { ...fields, error: String(thrown), stack });
      return;
    }
    if (error.class.httpStatus < 500 || loggedByEngine.has(error.code)) return;
    const now = clock.elapsed();
    const last = recent.get(error.code);
    // A clock may be set back.
    if (last && now >= last.at && now - last.at < pauseMs) {
      last.unlogged++;
      return;
    }
    recent.set(error.code, { at: now, unlogged: 0 });
    const unlogged = last && last.unlogged > 0 ? { unlogged: last.unlogged } : {};
    logger.error("a request failed", { ...fields, error: `${error.message} (${error.code})`, ...unlogged });
  };
}

/** What was thrown first, where the caller is told less. */
function reasonOf(error: AppError): AppError {
  return error.cause instanceof AppError ? error.cause : error;
}
