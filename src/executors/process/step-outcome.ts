// From what is known of a step's end to its outcome.

import { constants } from "node:os";
import { formatByteSize } from "../../core/byte-size.ts";
import { formatDuration } from "../../core/duration.ts";
import type { StepOutcome } from "../executor.ts";
import type { Ending } from "./end-processes.ts";

/** Why a step was ended by us. */
export type EndReason = "cancelled" | "timed_out" | "output_limit";

export function isEndReason(text: string): text is EndReason {
  return text === "cancelled" || text === "timed_out" || text === "output_limit";
}

export interface StepFacts {
  /** Exit status as its shell wrote it; null where it could not. */
  readonly status: number | null;
  /** Why it has this status, where that is known better than from the status alone. */
  readonly cause: string | null;
  readonly reason: EndReason | null;
  /** How our ending of it went; null where it ended by itself. */
  readonly ending: Ending | null;
  readonly graceMs: number;
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
}

const timeoutCode = 124; // as timeout(1) of coreutils
const terminatedCode = 128 + constants.signals.SIGTERM;
const killedCode = 128 + constants.signals.SIGKILL;

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

export function createOutcome(facts: StepFacts): StepOutcome {
  const { status, reason } = facts;
  if (reason) {
    const code = reason === "timed_out" ? timeoutCode : codeWhenEnded(status, facts.ending);
    return { end: reason, code, message: endingMessage(reason, facts) };
  }
  if (status === null) {
    return {
      end: "interrupted",
      code: killedCode,
      message: "the step's processes were killed from outside before they could report an exit status",
    };
  }
  if (facts.cause !== null) return { end: "signalled", code: status, message: facts.cause };
  // A shell reports a death by signal and an exit with 128 + its number alike.
  const signal = signalNames.get(status - 128);
  if (signal === undefined) return { end: "exited", code: status, message: null };
  return { end: "signalled", code: status, message: `ended by ${signal} (exit status ${status})` };
}

/** For when the step's own files fail: its work may be done, but nobody can say. */
export function createUnknownOutcome(thrown: unknown): StepOutcome {
  return { end: "interrupted", code: killedCode, message: `the step's files could not be read: ${String(thrown)}` };
}

/** A command that exits with 0 when told to end has still not done its work. */
function codeWhenEnded(status: number | null, ending: Ending | null): number {
  if (status === null) return ending?.killed === false ? terminatedCode : killedCode;
  return status === 0 ? terminatedCode : status;
}

function endingMessage(reason: EndReason, { ending, graceMs, timeoutMs, maxOutputBytes }: StepFacts): string {
  const why = {
    cancelled: "cancelled",
    timed_out: `not finished within ${formatDuration(timeoutMs)}`,
    output_limit: `OUTPUT_LIMIT: more than ${formatByteSize(maxOutputBytes)} of output (--max-step-output)`,
  }[reason];
  const how = ending?.killed ? `; killed, as it did not end within ${formatDuration(graceMs)} of SIGTERM` : "";
  const rest = ending && ending.remaining > 0 ? `; ${ending.remaining} of its processes could not be ended` : "";
  return why + how + rest;
}
