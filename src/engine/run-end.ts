// How a run ends: its final status, result and error, from whatever ended it.

import { type ErrorCode, errorCodes } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";
import type { FinalRunStatus, RunError } from "../core/run.ts";
import { findAuthorPosition, type GuestEnd } from "../sandbox/sandbox.ts";
import type { Bundle, CancelRequest } from "../store/store.ts";

export interface RunEnd {
  readonly status: FinalRunStatus;
  readonly result: JsonValue | null;
  readonly error: RunError | null;
}

const hints: Partial<Record<ErrorCode, string>> = {
  CPU_LIMIT: "do heavy work in a step: runtime.run gives it a process of its own",
  MEMORY_LIMIT: 'raise it with `memory: "128MiB"` in the exported config, or do the work in a step',
  STACK_LIMIT: "use a loop instead of deep recursion",
  CALL_LIMIT: "await host calls in batches of at most 1,000",
  JOURNAL_LIMIT: "split the work over several runs, for example with a schedule",
  VALUE_TOO_LARGE: "write large data to a file in a step and pass its name",
  NEVER_SETTLES: "look for a promise that nobody resolves: every wait must be a step, a timer or a sleep",
  NONDETERMINISTIC: "a script that is executed again must make the same calls in the same order",
  SANDBOX_FAILED: "simplify the script, or do this work in a step",
};

/** A failure with a code of our own; the position is that of the first author's frame in `stack`. */
export function failedEnd(
  code: ErrorCode,
  message: string,
  bundle: Bundle,
  stack = "",
  hint: string | null = null,
): RunEnd {
  const position = findAuthorPosition(stack, bundle.hash, bundle.sourceMap);
  const error: RunError = {
    code,
    message,
    hint: hint ?? hints[code] ?? null,
    file: position?.file ?? null,
    line: position?.line ?? null,
  };
  return { status: "failed", result: null, error };
}

/** What to use instead of globals that other runtimes have. */
const missingGlobals: Readonly<Record<string, string>> = {
  require: "require is not offered: use import; packages in pipelines/node_modules are bundled",
  module: "write: export const pipeline = async () => { … }",
  exports: "write: export const pipeline = async () => { … }",
  process:
    "scripts see no process: arguments and parameters are in pipelineContext, a step gets its variables with env",
  Bun: "scripts run in a sandbox without Bun; use runtime.run for programs and files",
  Deno: "scripts run in a sandbox without Deno; use runtime.run for programs and files",
  Buffer: "use Uint8Array, TextEncoder, TextDecoder, atob and btoa",
  __dirname: "a script is bundled and has no folder; name files in full",
  __filename: "a script is bundled and has no file; its name is pipelineContext.pipelineID",
  window: "scripts run in no browser; globals are in globalThis",
  global: "use globalThis",
  Headers: "use a plain object for the headers of fetch",
  Request: "give fetch the address and the options themselves",
  XMLHttpRequest: "use fetch",
  WebSocket: "scripts have no WebSockets; use fetch, or a program in a step",
};

function findHint(message: string): string | null {
  if (/Dynamic require of ".*" is not supported$/.test(message)) return missingGlobals["require"] ?? null;
  // What becomes of a promise that is used as if it were its value.
  if (/^TypeError: (?:not a function|cannot read property)/.test(message)) {
    return "where the value comes from runtime.run, fetch, volumes or artifacts: is an `await` missing?";
  }
  const name = /'(\w+)' is not defined/.exec(message)?.[1];
  return name !== undefined && Object.hasOwn(missingGlobals, name) ? (missingGlobals[name] ?? null) : null;
}

/** The end that the guest reports. */
export function endOfGuest(end: GuestEnd, bundle: Bundle): RunEnd {
  switch (end.type) {
    case "returned":
      return { status: "succeeded", result: end.value, error: null };
    case "threw": {
      const { name, message, stack, code, hint, position } = end.error;
      const text = name === "" || name === "Error" ? message : `${name}: ${message}`;
      // An error of the host that the script let through keeps its own code.
      const ownCode = code !== null && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : "SCRIPT_ERROR";
      const failed = failedEnd(ownCode, text, bundle, stack, hint ?? findHint(text));
      return failed.error === null || position === undefined
        ? failed
        : { ...failed, error: { ...failed.error, ...position } };
    }
    case "limit":
      return failedEnd(end.code, end.message, bundle, end.stack);
    case "diverged":
      return failedEnd("NONDETERMINISTIC", end.message, bundle, end.stack);
    case "inspected":
      return failedEnd("INTERNAL", "the script was inspected instead of run", bundle);
  }
}

/** The end of a run that was asked to end. */
export function endOfCancel({ code, message }: Pick<CancelRequest, "code" | "message">): RunEnd {
  return { status: code === "RUN_TIMEOUT" ? "timed_out" : "cancelled", result: null, error: plainError(code, message) };
}

export function cancelledEnd(reason: string): RunEnd {
  return endOfCancel({ code: "RUN_CANCELLED", message: reason });
}

/** How a run ended, as a line of its log. */
export function describeEnd({ status, error }: RunEnd): string {
  if (error === null) return status;
  const place = error.file === null ? "" : ` (${error.file}:${error.line})`;
  const hint = error.hint === null ? "" : ` — ${error.hint}`;
  const message = error.message.replaceAll(/\s*\n\s*/g, " ");
  return `${status.replace("_", " ")}: ${message}${place}${hint}`;
}

export function plainError(code: ErrorCode, message: string, hint: string | null = null): RunError {
  return { code, message, hint, file: null, line: null };
}
