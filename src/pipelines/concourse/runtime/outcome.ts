// How a step ended. An outcome is a value: hooks, `try` and `attempts` decide what becomes of one that is no success.

import type { Place } from "../plan.ts";
import { ResourceFailure } from "./resources/finish.ts";
import { script } from "./script-globals.ts";

export type Outcome = { readonly status: "succeeded" } | Mishap;

/** `failed`: it did its work and that was no success. `errored`: it could not. `aborted`: the run is to end. */
export interface Mishap {
  readonly status: "failed" | "errored" | "aborted";
  readonly message: string;
  readonly at: Place;
  readonly hint?: string;
  /** Why the run is to end, where it is: RUN_CANCELLED or RUN_TIMEOUT. */
  readonly code?: string;
  /** Where not the run is to end, but this step alone. */
  readonly by?: GroupEnd;
  /** Nothing went wrong but that it is not the time for it. */
  readonly isEarly?: boolean;
}

export const succeeded: Outcome = { status: "succeeded" };

export function failed(message: string, at: Place): Mishap {
  return { status: "failed", message, at };
}

/** A message may show a value, which may be large. */
const maxMessage = 4000;

/** An error that says where in the file it is from. */
export class PlanError extends Error {
  readonly at: Place;
  readonly isFailure: boolean;

  constructor(message: string, at: Place, isFailure = false) {
    super(message.slice(0, maxMessage));
    this.at = at;
    this.isFailure = isFailure;
  }
}

/** No version has passed the jobs yet that a get names. */
export class NotPassed extends PlanError {}

/** Why steps are ended whose group has failed already. */
export class GroupEnd extends Error {
  constructor() {
    super("it was ended, as a step beside it had failed and fail_fast is set");
  }
}

/** True where a step was ended from outside, alone or with the run. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof script.CancelledError || thrown instanceof GroupEnd;
}

/** What was thrown as an outcome; `at` and `what` are of the step, where the error does not say better. */
export function outcomeOf(thrown: unknown, what: string, at: Place): Mishap {
  if (thrown instanceof script.CancelledError) {
    const { message, code = "RUN_CANCELLED" } = thrown;
    return { status: "aborted", message, at, code };
  }
  if (thrown instanceof GroupEnd) {
    return { status: "aborted", message: `${what}: ${thrown.message}`, at, by: thrown };
  }
  if (thrown instanceof PlanError) {
    const isEarly = thrown instanceof NotPassed ? { isEarly: true } : {};
    return { status: thrown.isFailure ? "failed" : "errored", message: thrown.message, at: thrown.at, ...isEarly };
  }
  if (thrown instanceof ResourceFailure) return failed(`${what}: ${thrown.message}`, at);
  const { message, hint } =
    thrown instanceof Error ? (thrown as Error & { hint?: unknown }) : { message: String(thrown) };
  return { status: "errored", message: `${what}: ${message}`, at, ...(typeof hint === "string" ? { hint } : {}) };
}

/** The one that counts of two that both happened: an end of the run, an error, a failure, a success. */
export function worseOf(first: Outcome, second: Outcome): Outcome {
  return rankOf(second) > rankOf(first) ? second : first;
}

/** What a hook makes of the outcome that it ran for: of two mishaps both are told. */
export function afterHook(outcome: Outcome, hook: Outcome): Outcome {
  const worse = worseOf(outcome, hook);
  if (outcome.status === "succeeded" || hook.status === "succeeded") return worse;
  return { ...worse, message: `${outcome.message}; then ${hook.message}`, at: outcome.at } as Mishap;
}

function rankOf(outcome: Outcome): number {
  const rank = { succeeded: 0, failed: 1, errored: 2, aborted: 3 } as const;
  return rank[outcome.status] + (outcome.status === "aborted" && outcome.by === undefined ? 1 : 0);
}
