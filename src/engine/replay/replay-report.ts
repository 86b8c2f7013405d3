// What a replay tells: the calls of the script with their answers, its console, and where it differs from the record.

import type { JsonValue } from "../../core/json.ts";
import type { RunError, RunStatus } from "../../core/run.ts";
import type { ChangedField } from "./compare-arguments.ts";

/** Of the author's source. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** A host call in few words. */
export interface CallName {
  readonly kind: string;
  readonly name: string;
}

export interface ReplayedCall extends CallName {
  readonly number: number;
  readonly place: Place | null;
  /** How the record answers it, in words; null: it is not answered. */
  readonly answer: string | null;
}

export type ReplayDifference =
  /** The script makes another call than the recorded one; nothing behind it can be answered. */
  | {
      readonly type: "call";
      readonly number: number;
      readonly recorded: CallName;
      readonly now: CallName;
      readonly place: Place | null;
    }
  /** The same call with other arguments; it has the recorded answer. */
  | {
      readonly type: "arguments";
      readonly number: number;
      readonly call: CallName;
      readonly changes: readonly ChangedField[];
      readonly place: Place | null;
    }
  /** A recorded call that the script does not make, or not in time for its result. */
  | { readonly type: "missing"; readonly number: number; readonly recorded: CallName }
  /** A call behind the last recorded one: nothing answers it. */
  | { readonly type: "extra"; readonly number: number; readonly now: CallName; readonly place: Place | null }
  | { readonly type: "end"; readonly recorded: ReplayedEnd; readonly now: ReplayedEnd };

export interface ReplayedEnd {
  /** `waiting`: the script has not come to an end. */
  readonly status: RunStatus;
  readonly result: JsonValue | null;
  readonly error: RunError | null;
}

export type ReplayEvent =
  | { readonly type: "console"; readonly level: "debug" | "info" | "warn" | "error"; readonly text: string }
  | { readonly type: "call"; readonly call: ReplayedCall }
  | { readonly type: "difference"; readonly difference: ReplayDifference };

export interface ReplayReport {
  readonly runId: string;
  readonly pipeline: string;
  /** Of the record. */
  readonly status: RunStatus;
  readonly calls: number;
  readonly differences: readonly ReplayDifference[];
  readonly end: ReplayedEnd;
}
