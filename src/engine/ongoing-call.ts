// A host call that the host works on: begun once it is durable, ended by its result.

import type { GuestCall } from "../sandbox/sandbox.ts";
import type { CallOutcome, NewRun, Write } from "../store/store.ts";
import type { RunParts } from "./run-parts.ts";
import type { StepOutputOptions } from "./step-output.ts";

export interface OngoingCall {
  /** What is recorded with the call itself. */
  open(): readonly Write[];
  /** Does the work; called once the call is durable. */
  start(): void;
  /** Ends the work; its end is reported as always. Safe to call twice. */
  cancel(): void;
  /** Lets go of the work without ending it where it can live on: the server stops. */
  abandon(): void;
  /** What is left to record of a call whose end can no longer be recorded with its result. */
  lost(): readonly Write[];
}

export interface OngoingCallOptions {
  readonly parts: RunParts;
  readonly run: NewRun;
  readonly call: GuestCall;
  readonly record: (writes: readonly Write[], effect?: () => void, dropped?: () => void) => void;
  readonly output: Pick<StepOutputOptions, "log" | "deliver">;
  /**
   * Called once, with what is to be recorded together with the call's result, and what is to be done after that;
   * `handed` resolves when the script has dealt with the result, or is gone.
   */
  readonly onEnd: (outcome: CallOutcome, writes: readonly Write[], discard: (handed: Promise<void>) => void) => void;
}
