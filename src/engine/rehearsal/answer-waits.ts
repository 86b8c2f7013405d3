// Approvals, signals and runs of other pipelines in a rehearsal: answered by the test's tables.

import { toAppError } from "../../core/app-error.ts";
import type { GuestCall } from "../../sandbox/sandbox.ts";
import type { CallOutcome } from "../../store/store.ts";
import { approvalLimit, endOfApproval, signalLimit, type WaitLimit } from "../news-terms.ts";
import { unanswered } from "./answer-work.ts";
import { type Answered, failure, result, type Scene } from "./scene.ts";

export function answerApproval(call: GuestCall, scene: Scene): Answered {
  const found = scene.test.approvals.take(call.name);
  if (found.type !== "answer") return unanswered("approval", "approvals", call.name, found, "true");
  return answerWait(
    scene,
    "approval",
    call,
    () => approvalLimit(call, scene.nowMs),
    found.answer && {
      afterMs: found.answer.afterMs,
      outcome: endOfApproval(found.answer.decision).outcome,
    },
  );
}

export function answerSignal(call: GuestCall, scene: Scene): Answered {
  const found = scene.test.signals.take(call.name);
  if (found.type !== "answer") return unanswered("signal", "signals", call.name, found, "{ value: null }");
  return answerWait(
    scene,
    "signal",
    call,
    () => signalLimit(call, scene.nowMs),
    found.answer && {
      afterMs: found.answer.afterMs,
      outcome: { ok: true, value: found.answer.value },
    },
  );
}

export function answerChild(call: GuestCall, scene: Scene): Answered {
  const id = `${scene.runId.slice(0, -4)}${String(call.number).padStart(4, "0")}`;
  const { wait } = call.args as { readonly wait: boolean };
  if (!wait && !scene.test.pipelines.has(call.name)) return result(scene, { id });
  const found = scene.test.pipelines.take(call.name);
  if (found.type !== "answer") {
    return unanswered("pipeline", "pipelines", call.name, found, '{ status: "succeeded", result: null }');
  }
  const { status, result: value, error, takesMs } = found.answer;
  if (!wait) return result(scene, { id });
  const told = error && {
    code: error.code ?? "SCRIPT_ERROR",
    message: error.message,
    hint: null,
    file: null,
    line: null,
  };
  const outcome = { ok: true, value: { id, status, result: value, error: told } } as const;
  return { type: "result", atMs: scene.nowMs + takesMs, outcome, isWait: true };
}

/** @param answer null: nobody answers in time. */
function answerWait(
  scene: Scene,
  what: string,
  call: GuestCall,
  findLimit: () => WaitLimit,
  answer: { readonly afterMs: number; readonly outcome: CallOutcome } | null,
): Answered {
  let limit: WaitLimit;
  try {
    limit = findLimit();
  } catch (thrown) {
    return failure(scene, toAppError(thrown));
  }
  const { until, atTime } = limit;
  const answeredAt = answer === null ? null : scene.nowMs + answer.afterMs;
  if (answer !== null && answeredAt !== null && (until === null || answeredAt <= until)) {
    return { type: "result", atMs: answeredAt, outcome: answer.outcome, isWait: true };
  }
  if (until !== null && atTime !== undefined) {
    return { type: "result", atMs: until, outcome: atTime.outcome, isWait: true };
  }
  return {
    type: "unanswered",
    message: `${what} ${JSON.stringify(call.name)} has no timeout, so it cannot be over its time`,
    hint: "give it another answer in the test, or a timeout in the script",
  };
}
