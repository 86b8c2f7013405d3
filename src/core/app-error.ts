// The one error class of the product and the one table of its codes. Outcomes of steps are values, not errors.

export type ErrorKind =
  | "usage"
  | "invalid"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "gone"
  | "too_large"
  | "unsupported"
  | "unprocessable"
  | "timeout"
  | "limited"
  | "unavailable"
  | "run_failed"
  | "config"
  | "bug";

/** HTTP status, process exit code (sysexits), and whether the same request may succeed later. */
export interface ErrorClass {
  readonly httpStatus: number;
  readonly exitCode: number;
  readonly retryable: boolean;
}

export const errorClasses: Readonly<Record<ErrorKind, ErrorClass>> = {
  usage: { httpStatus: 400, exitCode: 2, retryable: false },
  invalid: { httpStatus: 400, exitCode: 65, retryable: false },
  unauthorized: { httpStatus: 401, exitCode: 77, retryable: false },
  forbidden: { httpStatus: 403, exitCode: 77, retryable: false },
  not_found: { httpStatus: 404, exitCode: 66, retryable: false },
  conflict: { httpStatus: 409, exitCode: 65, retryable: false },
  gone: { httpStatus: 410, exitCode: 65, retryable: false },
  too_large: { httpStatus: 413, exitCode: 65, retryable: false },
  unsupported: { httpStatus: 415, exitCode: 65, retryable: false },
  unprocessable: { httpStatus: 422, exitCode: 65, retryable: false },
  timeout: { httpStatus: 408, exitCode: 75, retryable: true },
  limited: { httpStatus: 429, exitCode: 75, retryable: true },
  unavailable: { httpStatus: 503, exitCode: 75, retryable: true },
  run_failed: { httpStatus: 500, exitCode: 1, retryable: false },
  config: { httpStatus: 500, exitCode: 78, retryable: false },
  bug: { httpStatus: 500, exitCode: 70, retryable: false },
};

/** Every code a user can meet, and its kind. Codes are part of the API: they are added, never renamed. */
export const errorCodes = {
  // command line and configuration
  USAGE: "usage",
  CONFIG_INVALID: "config",
  SERVER_NOT_FOUND: "unavailable",
  SERVER_GONE: "unavailable",
  // requests
  BAD_REQUEST: "invalid",
  INVALID_JSON: "invalid",
  VALIDATION_FAILED: "invalid",
  PARAM_INVALID: "invalid",
  UNAUTHORIZED: "unauthorized",
  SIGNATURE_INVALID: "unauthorized",
  PAYLOAD_INVALID: "unprocessable",
  CROSS_SITE: "forbidden",
  NOT_FOUND: "not_found",
  PIPELINE_NOT_FOUND: "not_found",
  RUN_NOT_FOUND: "not_found",
  ARTIFACT_NOT_FOUND: "not_found",
  STEP_NOT_FOUND: "not_found",
  JOB_NOT_FOUND: "not_found",
  RESOURCE_NOT_FOUND: "not_found",
  SECRET_NOT_FOUND: "not_found",
  TARGET_NOT_FOUND: "not_found",
  METHOD_NOT_ALLOWED: "invalid",
  PIPELINE_BROKEN: "conflict",
  PIPELINE_PAUSED: "conflict",
  WEBHOOK_DISABLED: "not_found",
  RUN_ALREADY_ENDED: "conflict",
  APPROVAL_NOT_FOUND: "not_found",
  APPROVAL_DECIDED: "conflict",
  LINK_EXPIRED: "gone",
  LINK_USED: "gone",
  SIGNAL_NOT_AWAITED: "conflict",
  DUPLICATE_DELIVERY: "conflict",
  RUN_NOT_ENDED: "conflict",
  RERUN_IMPOSSIBLE: "conflict",
  REQUEST_NOT_FOUND: "not_found",
  EVENT_NOT_FOUND: "not_found",
  REQUEST_NOT_VERIFIED: "conflict",
  REQUEST_CUT: "conflict",
  BODY_TOO_LARGE: "too_large",
  HEADERS_TOO_LARGE: "too_large",
  UNSUPPORTED_ENCODING: "unsupported",
  BODY_TIMEOUT: "timeout",
  ADDRESS_NOT_ALLOWED: "forbidden",
  RATE_LIMITED: "limited",
  SERVER_BUSY: "unavailable",
  SECRET_MISSING: "unavailable",
  SHUTTING_DOWN: "unavailable",
  DISK_LOW: "unavailable",
  QUEUE_FULL: "unavailable",
  EXPRESSION_INVALID: "invalid",
  // events that leave the server
  FIELDS_INVALID: "unprocessable",
  ENDPOINT_NOT_FOUND: "not_found",
  ENDPOINT_GONE: "gone",
  ENDPOINT_DECLARED: "conflict",
  ENDPOINT_LIMIT: "conflict",
  DELIVERY_NOT_FOUND: "not_found",
  // pipelines
  LOAD_FAILED: "invalid",
  // store
  DATABASE_LOCKED: "unavailable",
  DATABASE_TOO_NEW: "config",
  DATABASE_TOO_OLD: "config",
  STORE_UNAVAILABLE: "unavailable",
  // ends of runs
  SCRIPT_ERROR: "run_failed",
  JOB_FAILED: "run_failed",
  ASSERTION_FAILED: "run_failed",
  NONDETERMINISTIC: "run_failed",
  JOURNAL_LIMIT: "run_failed",
  CPU_LIMIT: "run_failed",
  MEMORY_LIMIT: "run_failed",
  STACK_LIMIT: "run_failed",
  CALL_LIMIT: "run_failed",
  VALUE_TOO_LARGE: "run_failed",
  NEVER_SETTLES: "run_failed",
  SANDBOX_FAILED: "run_failed",
  RUN_TIMEOUT: "run_failed",
  RUN_CANCELLED: "run_failed",
  RUN_REPLACED: "run_failed",
  RUN_SKIPPED: "run_failed",
  SCHEDULE_OVERLAP: "run_failed",
  DEPTH_LIMIT: "run_failed",
  DEADLOCK: "run_failed",
  INTERRUPTED: "run_failed",
  RUN_INCOMPATIBLE: "run_failed",
  APPROVAL_DENIED: "run_failed",
  APPROVAL_TIMEOUT: "run_failed",
  SIGNAL_TIMEOUT: "run_failed",
  // steps
  STEP_NOT_STARTED: "run_failed",
  IMAGE_UNAVAILABLE: "run_failed",
  CONTAINER_ENGINE_UNAVAILABLE: "run_failed",
  OUTPUT_LIMIT: "run_failed",
  FETCH_FAILED: "run_failed",
  FETCH_TIMEOUT: "run_failed",
  FILE_NOT_FOUND: "run_failed",
  FILE_TOO_LARGE: "run_failed",
  UNSUPPORTED: "run_failed",
  INTERNAL: "bug",
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorCodes;

export interface AppErrorOptions {
  /** What the reader can do about it: one sentence. */
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An error with a code; the three borders (server, main, sandbox pool) translate it and nothing else does. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }

  get class(): ErrorClass {
    return errorClasses[errorCodes[this.code]];
  }
}

/** HTTP has a status of its own for these. */
const statusOf: Partial<Record<ErrorCode, number>> = { METHOD_NOT_ALLOWED: 405, HEADERS_TOO_LARGE: 431 };

export function httpStatusOf(code: ErrorCode): number {
  return statusOf[code] ?? errorClasses[errorCodes[code]].httpStatus;
}

/** Any thrown value as an AppError: an AppError as it is, everything else as INTERNAL with its cause. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const message = thrown instanceof Error ? thrown.message : describe(thrown);
  return new AppError("INTERNAL", message, { cause: thrown, hint: "this is a bug in runner; please report it" });
}

/** Any value as text, also one that cannot be made a text. */
function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "a value that cannot be shown";
  }
}
