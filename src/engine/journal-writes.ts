// What of a host call is recorded: that it was made, what came of it, and that the script is given that.

import type { GuestCall } from "../sandbox/sandbox.ts";
import type { CallOutcome, Write } from "../store/store.ts";

export interface CallMoment {
  /** The delivery in whose turn it was made. */
  readonly afterSeq: number;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

export function startedWrite(
  runId: string,
  { number, kind, name, argsHash, args }: GuestCall,
  moment: CallMoment,
): Write {
  return { type: "journal.start", runId, call: { number, kind, name, argsHash, args, ...moment } };
}

export function completeWrite(runId: string, number: number, outcome: CallOutcome, at: number): Write {
  return { type: "journal.complete", runId, number, outcome, at };
}

export function deliverWrite(runId: string, number: number, seq: number): Write {
  return { type: "journal.deliver", runId, delivery: { seq, type: "result", call: number } };
}
