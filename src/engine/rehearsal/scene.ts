// What there is in a rehearsal instead of the world: values, volumes, files, and a clock that stands still.

import type { AppError } from "../../core/app-error.ts";
import type { WebhookResponse } from "../../core/inbound-request.ts";
import type { JsonValue } from "../../core/json.ts";
import type { CallOutcome } from "../../store/store.ts";
import type { TestCase } from "./test-case.ts";

export interface Scene {
  readonly test: TestCase;
  readonly runId: string;
  readonly pipeline: string;
  nowMs: number;
  readonly storage: Map<string, JsonValue>;
  /** Of each resource, the newest. */
  readonly versions: Map<string, JsonValue>;
  /** Those that the run has. */
  readonly locks: Set<string>;
  /** In the order they were saved first. */
  readonly artifacts: Set<string>;
  response: WebhookResponse | null;
}

/** What comes of a host call. */
export type Answered =
  /** Nothing: the script only told it. */
  | { readonly type: "told" }
  | {
      readonly type: "result";
      readonly atMs: number;
      readonly outcome: CallOutcome;
      /** Handed to onOutput before that. */
      readonly output?: readonly { readonly stream: "stdout" | "stderr"; readonly text: string }[];
      /** A script that has returned does not wait for it. */
      readonly isWait?: true;
    }
  /** The run is cancelled while the call is under way. */
  | { readonly type: "cancel"; readonly atMs: number }
  /** The test says nothing about it, so it fails. */
  | { readonly type: "unanswered"; readonly message: string; readonly hint: string };

export function result(scene: Scene, value: JsonValue | undefined, afterMs = 0): Answered {
  return { type: "result", atMs: scene.nowMs + afterMs, outcome: { ok: true, value } };
}

export function failure(scene: Scene, error: AppError, afterMs = 0): Answered {
  const { code, message, hint } = error;
  const outcome: CallOutcome = { ok: false, error: { code, message, ...(hint === undefined ? {} : { hint }) } };
  return { type: "result", atMs: scene.nowMs + afterMs, outcome };
}
