// What an attempt makes of its delivery, and of its destination: delivered, tried again later, given up; failing, disabled.

import type { Delivery, DeliveryAttempt, DestinationState } from "../../core/delivery.ts";
import { delayBefore } from "../../webhooks/webhooks.ts";
import { parseRetryAfter } from "../retry-after.ts";
import { spread } from "../spread.ts";
import type { AttemptOutcome, MadeAttempt } from "./destination.ts";

export interface AttemptToJudge {
  /** As it was before. */
  readonly delivery: Delivery;
  readonly made: MadeAttempt;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly retryDelaysMs: readonly number[];
  /** As it is now. */
  readonly state: DestinationState;
  readonly mayBeDisabled: boolean;
  /** A destination that has failed for so long is disabled; null: none is for that. */
  readonly disableAfterMs: number | null;
}

export interface Verdict {
  readonly attempt: DeliveryAttempt;
  readonly delivery: Delivery;
  /** The same object where nothing has changed. */
  readonly state: DestinationState;
  /** What there is to tell about the destination. */
  readonly news: readonly ("failing" | "recovered" | "disabled")[];
  /** When it is disabled unless something arrives; null: it is not. */
  readonly disableAt: number | null;
  /** Why the attempt failed, in words; null where it did not. */
  readonly problem: string | null;
}

/** Short troubles are no news. */
const tellAfterMs = 60 * 60 * 1000;
const dayMs = 24 * tellAfterMs;

export function judgeAttempt(given: AttemptToJudge): Verdict {
  const { delivery, made, endedAt } = given;
  const attempt = toRecord(given);
  const problem = findProblem(made.outcome);
  const tried = { ...delivery, attempts: attempt.number };
  if (problem === null) {
    const ended = { ...tried, status: "delivered", nextAttemptAt: null, finishedAt: endedAt } as const;
    return { attempt, delivery: ended, ...recover(given.state), disableAt: null, problem };
  }
  const isGone = made.outcome.type === "answered" && made.outcome.status === 410;
  const delayMs = isGone ? null : findDelay(given);
  const judged = judgeDestination(given, { isGone, isGivenUp: delayMs === null && !isGone, problem });
  // Of one that is disabled nothing is tried again until somebody says so.
  const isOver = delayMs === null || judged.state.disabledAt !== null;
  const next = isOver
    ? ({ status: "failed", nextAttemptAt: null, finishedAt: endedAt } as const)
    : ({ status: "pending", nextAttemptAt: endedAt + delayMs, finishedAt: null } as const);
  const disableAt = findDisableTime(judged.state, given);
  return { attempt, delivery: { ...tried, ...next }, ...judged, disableAt, problem };
}

function toRecord({ delivery, made: { headers, outcome }, startedAt }: AttemptToJudge): DeliveryAttempt {
  const isAnswered = outcome.type === "answered";
  return {
    number: delivery.attempts + 1,
    at: startedAt,
    durationMs: Math.round(outcome.durationMs),
    requestHeaders: headers,
    status: isAnswered ? outcome.status : null,
    error: isAnswered ? null : { code: outcome.error, message: outcome.message },
    response: isAnswered ? outcome.body : new Uint8Array(),
    isResponseCut: isAnswered && outcome.isCut,
  };
}

function findProblem(outcome: AttemptOutcome): string | null {
  if (outcome.type === "failed") return outcome.message;
  return outcome.status >= 200 && outcome.status < 300 ? null : `it answered ${outcome.status}`;
}

/** Until the next attempt of this round; null: there is none. */
function findDelay({ delivery, made: { outcome }, retryDelaysMs, endedAt }: AttemptToJudge): number | null {
  const retryAfter = outcome.type === "answered" ? outcome.headers["retry-after"] : undefined;
  const number = delivery.attempts + 2;
  // The same after a restart, and another one for each delivery and attempt.
  const share = spread(`${delivery.id} ${number}`);
  return delayBefore(number - delivery.earlierAttempts, retryDelaysMs, share, parseRetryAfter(retryAfter, endedAt));
}

function recover(state: DestinationState): Pick<Verdict, "state" | "news"> {
  if (state.failingSince === null) return { state, news: [] };
  const news = state.failingToldAt === null ? [] : (["recovered"] as const);
  return { state: { ...state, failingSince: null, failingToldAt: null }, news };
}

/** So long is between the first failure and the news of it, and between that and the end. */
function noticeMs(disableAfterMs: number | null): number {
  return Math.min(tellAfterMs, (disableAfterMs ?? dayMs) / 2);
}

/** Not at once where nobody knows yet: the server was off for days, maybe, or its clock was set ahead. */
function findDisableTime(
  { failingSince, failingToldAt }: Pick<DestinationState, "failingSince" | "failingToldAt">,
  { mayBeDisabled, disableAfterMs, endedAt }: AttemptToJudge,
): number | null {
  if (!mayBeDisabled || disableAfterMs === null || failingSince === null) return null;
  return Math.max(failingSince + disableAfterMs, (failingToldAt ?? endedAt) + noticeMs(disableAfterMs));
}

function judgeDestination(
  given: AttemptToJudge,
  failure: { readonly isGone: boolean; readonly isGivenUp: boolean; readonly problem: string },
): Pick<Verdict, "state" | "news"> {
  const { state, endedAt, mayBeDisabled, disableAfterMs } = given;
  if (state.disabledAt !== null) return { state, news: [] };
  const failingSince = state.failingSince ?? endedAt;
  const disableAt = findDisableTime({ ...state, failingSince }, given);
  const isDisabled = (mayBeDisabled && failure.isGone) || (disableAt !== null && endedAt >= disableAt);
  const isNews = failure.isGivenUp || endedAt - failingSince >= noticeMs(disableAfterMs);
  const isTold = isNews && state.failingToldAt === null;
  const news = [...(isTold ? ["failing" as const] : []), ...(isDisabled ? ["disabled" as const] : [])];
  if (state.failingSince !== null && news.length === 0) return { state, news };
  const reason = failure.isGone ? "it answered 410 Gone" : `all attempts failed, the last one: ${failure.problem}`;
  return {
    state: {
      ...state,
      failingSince,
      failingToldAt: isTold ? endedAt : state.failingToldAt,
      ...(isDisabled ? { disabledAt: endedAt, disabledReason: reason } : {}),
    },
    news,
  };
}
