// Everything the control process and a sandbox process say to each other, in both directions.

import type { InboundRequest } from "../core/inbound-request.ts";
import type { JsonValue } from "../core/json.ts";
import type { ParamValues } from "../core/pipeline-config.ts";
import type { FinalRunStatus, Trigger } from "../core/run.ts";

// ── control process → sandbox process (over IPC, in pieces) ─────────────────────────────────────────────────────────

export type ToSandbox =
  /** Sent before the first `open` that names this hash. */
  | { readonly type: "source"; readonly hash: string; readonly code: string }
  | { readonly type: "forget"; readonly hash: string }
  | { readonly type: "open"; readonly guest: number; readonly spec: GuestSpec }
  /** `atMs` is the time from then on, where the guest's clock is not the real one. */
  | { readonly type: "deliver"; readonly guest: number; readonly delivery: GuestDelivery; readonly atMs?: number }
  | { readonly type: "close"; readonly guest: number };

/** All a guest is given: what it does is a function of this and of its deliveries. */
export interface GuestSpec {
  readonly bundleHash: string;
  /** `run` also calls `pipeline`. */
  readonly mode: "run" | InspectMode;
  /** Seeds `Math.random`. */
  readonly seed: string;
  readonly context: GuestContext;
  readonly request: GuestRequest | null;
  readonly limits: GuestLimits;
  readonly replay: GuestReplay;
  /**
   * Milliseconds since the Unix epoch: the guest's clock stands still there until a delivery sets it, and its random
   * bytes are a function of the seed. Absent: the real ones.
   */
  readonly atMs?: number;
}

/** Evaluates the module and reports its exports; the tests among them only where they are asked for. */
export type InspectMode = "inspect" | "inspect_tests";

/** `pipelineContext` of a script. */
export interface GuestContext {
  readonly runID: string;
  readonly pipelineID: string;
  readonly triggeredBy: Trigger;
  readonly driverName: string;
  readonly args: readonly string[];
  /** Empty: all jobs. */
  readonly targetJobs: readonly string[];
  readonly params: ParamValues;
  /** The run that this one repeats. */
  readonly rerunOf: string | null;
  /** The end of another run that this one begins with. */
  readonly after: GuestPrecedingRun | null;
}

export interface GuestPrecedingRun {
  readonly runID: string;
  readonly pipelineID: string;
  readonly status: FinalRunStatus;
  readonly result: JsonValue | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** `http.request()` of a script. */
export type GuestRequest = Omit<InboundRequest, "body"> & {
  readonly body: string;
  /** Only where the bytes are not those of the text. */
  readonly bodyBase64?: string;
};

export interface GuestLimits {
  readonly memoryBytes: number;
  readonly cpuPerDeliveryMs: number;
  readonly cpuTotalMs: number;
}

/** What is already known of a run that is executed again. */
export interface GuestReplay {
  /** Calls up to this number are in the journal. */
  readonly calls: number;
  /** Console lines up to this number are in the log. */
  readonly consoleLines: number;
  /** In the order they were observed. */
  readonly observations: readonly ObservedValues[];
  /** CPU already used by live turns. */
  readonly cpuUsedMs: number;
}

export type GuestDelivery =
  | { readonly type: "result"; readonly call: number; readonly ok: true; readonly value: JsonValue | undefined }
  | { readonly type: "result"; readonly call: number; readonly ok: false; readonly error: GuestCallError }
  | {
      readonly type: "output";
      readonly call: number;
      readonly stream: "stdout" | "stderr";
      readonly text: string;
    }
  /** The run is to end: every waiting call is rejected, and what was cancelled brings no result any more. */
  | { readonly type: "cancel"; readonly code: string; readonly message: string };

export interface GuestCallError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

// ── sandbox process → control process (one JSON line each, over a blocking pipe) ────────────────────────────────────

export type FromSandbox =
  | { readonly type: "ready" }
  /** Length of the pieces taken in since the last of these: opens the sender's window. */
  | { readonly type: "received"; readonly length: number }
  /** The turn that is owed next waits for a new instance, which is no doing of its guest … */
  | { readonly type: "preparing"; readonly guest: number }
  /** … and begins now. */
  | { readonly type: "begun"; readonly guest: number }
  | GuestTurn
  | { readonly type: "ask"; readonly guest: number; readonly call: GuestCall };

/** What a guest did since its last message. */
export interface GuestTurn {
  readonly type: "turn";
  readonly guest: number;
  /** The delivery is dealt with and the job queue is dry. */
  readonly done: boolean;
  readonly calls: readonly GuestCall[];
  readonly console: readonly ConsoleLine[];
  readonly observed: ObservedValues | null;
  readonly end: GuestEnd | null;
  /** CPU used by this delivery so far. */
  readonly cpuMs: number;
}

export type CallKind =
  | "step"
  | "timer"
  | "clear_timer"
  | "abort"
  | "respond"
  | "storage"
  | "dedupe"
  | "hmac"
  | "fetch"
  | "volume"
  | "artifact"
  | "sandbox"
  | "block"
  | "block_note"
  | "block_end"
  | "approval"
  | "signal"
  | "child"
  | "lock"
  | "unlock"
  | "set_pipeline"
  | "event"
  | "notify"
  | "job"
  | "var"
  | "resource";

const toldKinds: readonly CallKind[] = ["respond", "clear_timer", "abort", "block", "block_note", "job"];

/** True for what a script only tells: it waits for no result. */
export function isTold(kind: CallKind): boolean {
  return toldKinds.includes(kind);
}

/** A host call. */
export interface GuestCall {
  /** Order of calls within the run, from 1. */
  readonly number: number;
  readonly kind: CallKind;
  readonly name: string;
  readonly args: JsonValue;
  readonly argsHash: string;
  /** QuickJS stack at the call. */
  readonly stack: string;
}

export interface ConsoleLine {
  /** Order of lines within the run, from 1. */
  readonly number: number;
  /** Calls that the guest had made before it. */
  readonly afterCall: number;
  readonly at: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
}

/** Clock and random values that a guest has seen since its last message. */
export interface ObservedValues {
  /** Reads of the clock so far, and those among the new ones that saw another value than the read before. */
  readonly clockReads: number;
  readonly clockChanges: readonly (readonly [read: number, atMs: number])[];
  /** Random bytes in the order they were asked for, base64. */
  readonly random: readonly string[];
}

export type GuestEnd =
  | { readonly type: "returned"; readonly value: JsonValue | null }
  | { readonly type: "threw"; readonly error: ThrownError }
  | { readonly type: "inspected"; readonly exports: InspectedExports }
  | { readonly type: "limit"; readonly code: LimitCode; readonly message: string; readonly stack: string }
  | { readonly type: "diverged"; readonly message: string; readonly stack: string };

export type LimitCode =
  "CPU_LIMIT" | "MEMORY_LIMIT" | "STACK_LIMIT" | "CALL_LIMIT" | "JOURNAL_LIMIT" | "VALUE_TOO_LARGE" | "SANDBOX_FAILED";

/** An error as it left the guest. */
export interface ThrownError {
  readonly name: string;
  readonly message: string;
  /** Those of a host call's error that the script did not catch. */
  readonly code: string | null;
  readonly hint: string | null;
  readonly stack: string;
  /** Which line of its author's it says that it is about, where the stack does not know better. */
  readonly position?: { readonly file: string; readonly line: number };
}

/** What a module exports, as far as loading a pipeline needs to know. */
export interface InspectedExports {
  /** Export name → `typeof`. */
  readonly kinds: Readonly<Record<string, string>>;
  /** The `config` export as JSON; null where absent. */
  readonly config: JsonValue | null;
  /** The `tests` export as JSON, where it was asked for and is there. */
  readonly tests?: JsonValue;
}

/** The answer to an `ask`, one JSON line over the answering pipe. */
export type Answer =
  { readonly ok: true; readonly value: JsonValue | undefined } | { readonly ok: false; readonly error: GuestCallError };
