// A host call that brings its result later: begun once it is durable, or taken up where an earlier life left it.

import type { JsonValue } from "../core/json.ts";
import type { GuestCall } from "../sandbox/sandbox.ts";
import type { Bundle, CallOutcome, KeptStep, NewRun, Write } from "../store/store.ts";
import type { RunParts } from "./run-parts.ts";
import type { StepOutputOptions } from "./step-output.ts";

/** How much of each stream of a step the script has been given. */
export interface DeliveredOutput {
  readonly stdout: number;
  readonly stderr: number;
}

/** What an earlier life of the run has left of a call without a result. */
export interface KeptCall {
  /** Null where the call is no step. */
  readonly kept: KeptStep | null;
  readonly delivered: DeliveredOutput;
}

/** A call that needs nobody in memory: it goes on at this time, or with news alone where that is null. */
export interface Wait {
  readonly until: number | null;
}

export interface OngoingCall {
  /** What is recorded with the call itself. */
  open(): readonly Write[];
  /** Does the work; called once the call is durable. */
  start(): void;
  /** In place of `open` and `start`: goes on with what an earlier life began. */
  resume(earlier: KeptCall): void;
  /** Ends the work; its end is reported as always. Safe to call twice. */
  cancel(): void;
  /** Lets go of the work without ending it where it can live on: the server stops, or the run leaves memory. */
  abandon(): void;
  /** What is left to record of a call whose end can no longer be recorded with its result. */
  lost(): readonly Write[];
  /** Null while something in this process works on it. */
  readonly wait: Wait | null;
}

export interface OngoingCallOptions {
  readonly parts: RunParts;
  readonly run: NewRun;
  readonly bundle: Pick<Bundle, "code">;
  readonly call: Pick<GuestCall, "number" | "kind" | "name"> & { readonly args: JsonValue };
  /** When the call was made, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Others than those with the token may read the run's log. */
  readonly isLogShared: boolean;
  readonly record: (writes: readonly Write[], effect?: () => void, dropped?: () => void) => void;
  readonly output: Pick<StepOutputOptions, "log" | "deliver">;
  /** Called when it is durable that the call waits, as between two attempts: the run may leave memory now. */
  readonly onWait: () => void;
  /**
   * Called once, with what is to be recorded together with the call's result, and what is to be done after that;
   * `handed` resolves when the script has dealt with the result, or is gone.
   */
  readonly onEnd: (outcome: CallOutcome, writes: readonly Write[], discard: (handed: Promise<void>) => void) => void;
}
