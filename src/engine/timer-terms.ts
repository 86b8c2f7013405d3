// Timers and sleeps: what they wait for, from the arguments of their call.

import { AppError } from "../core/app-error.ts";
import { parseDuration } from "../core/duration.ts";
import type { JsonValue } from "../core/json.ts";
import type { CallOutcome } from "../store/store.ts";
import type { WaitTerms } from "./wait-call.ts";

interface TimerArguments {
  readonly delayMs?: number;
  readonly duration?: JsonValue;
  /** Milliseconds since the Unix epoch. */
  readonly until?: number;
}

/** The longest a Date can tell. */
const lastMoment = 8.64e15;
const done: CallOutcome = { ok: true, value: undefined };

/** A sleep of at least this is a step of the run, and a run that waits for as long leaves memory. */
export const leastWaitMs = 60_000;

/** @throws {AppError} VALIDATION_FAILED when it is no duration and no time. */
export function timerTerms(
  { name, args }: { readonly name: string; readonly args: JsonValue },
  startedAt: number,
): WaitTerms {
  const until = timeOf(args as TimerArguments, startedAt);
  const atTime = { outcome: done, status: "succeeded" } as const;
  const isSleep = name === "sleep" || name === "sleepUntil";
  return isSleep && until - startedAt >= leastWaitMs ? { until, kind: "sleep", atTime } : { until, atTime };
}

function timeOf({ delayMs, duration, until }: TimerArguments, startedAt: number): number {
  if (until === undefined) return startedAt + (delayMs ?? parseDuration(duration));
  if (Number.isFinite(until) && Math.abs(until) <= lastMoment) return until;
  throw new AppError("VALIDATION_FAILED", `sleepUntil: ${JSON.stringify(until)} is not a time`, {
    hint: 'give a Date, milliseconds since 1970, or a text like "2026-01-31T03:00:00Z"',
  });
}
