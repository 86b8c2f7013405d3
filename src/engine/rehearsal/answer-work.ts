// Steps and fetches of a rehearsal: answered by the test's table, tried again as the script asks for.

import { AppError, type ErrorCode, errorCodes, toAppError } from "../../core/app-error.ts";
import type { JsonValue } from "../../core/json.ts";
import { formatStepId } from "../../core/step-id.ts";
import type { GuestCall } from "../../sandbox/sandbox.ts";
import { mayFetchPass } from "../do-fetch.ts";
import { type FailedTry, planRetry, retryOf } from "../plan-retry.ts";
import { parseRetryAfter } from "../retry-after.ts";
import { shownTexts, type StepArguments, stepSpec } from "../step-arguments.ts";
import type { Found } from "./named-answers.ts";
import { type Answered, failure, result, type Scene } from "./scene.ts";
import type { Failure, FetchAnswer, StepAnswer } from "./answers.ts";

/** One try: what it came to, and whether another may follow. */
interface Tried {
  readonly answered: Answered;
  readonly takesMs: number;
  /** Null where it is a success, or not to be tried again. */
  readonly failed: FailedTry | null;
}

/** As timeout(1) says it. */
const timeoutCode = 124;

export function answerStep(call: GuestCall, scene: Scene): Answered {
  const args = call.args as unknown as StepArguments;
  const { steps } = scene.test;
  // What a container that is only opened does is of no interest, unless the test says so.
  if (args.container?.type === "open" && !steps.has(call.name)) return result(scene, { id: `sandbox-${call.number}` });
  try {
    const ids = { stepId: stepIdOf(call, scene), runId: scene.runId, pipeline: scene.pipeline };
    const { timeoutMs } = stepSpec(args, ids, shownTexts(args));
    return tryAll(call, scene, (spentMs) => {
      const found = steps.take(call.name);
      if (found.type !== "answer") return unanswered("step", "steps", call.name, found, '{ code: 0, stdout: "" }');
      return tryStep(call, scene, found.answer, spentMs, timeoutMs);
    });
  } catch (thrown) {
    const { code, message } = toAppError(thrown);
    return failure(scene, new AppError(code, `step ${JSON.stringify(call.name)}: ${message}`));
  }
}

function tryStep(
  call: GuestCall,
  scene: Scene,
  answer: StepAnswer,
  spentMs: number,
  timeoutMs: number | undefined,
): Tried {
  const { code, stdout, stderr, error, cancel } = answer;
  const args = call.args as unknown as StepArguments;
  if (error !== null) {
    const named = { ...error, message: `step ${JSON.stringify(call.name)}: ${error.message}` };
    const thrown = errorOf(named, "STEP_NOT_STARTED");
    return { answered: failure(scene, thrown, spentMs), takesMs: 0, failed: failedBy(thrown.code) };
  }
  const isLate = timeoutMs !== undefined && answer.takesMs > timeoutMs;
  const takesMs = isLate ? timeoutMs : answer.takesMs;
  const atMs = scene.nowMs + spentMs + takesMs;
  if (cancel) return { answered: { type: "cancel", atMs }, takesMs, failed: null };
  if (args.container?.type === "open") {
    const opened = code === 0 && !isLate ? result(scene, { id: `sandbox-${call.number}` }, spentMs + takesMs) : null;
    const refused = new AppError("STEP_NOT_STARTED", `step ${JSON.stringify(call.name)}: the sandbox was not opened`);
    const answered = opened ?? failure(scene, refused, spentMs + takesMs);
    return { answered, takesMs, failed: opened === null ? failedBy(code, refused.code) : null };
  }
  const ended = isLate ? timeoutCode : code;
  const value: JsonValue = {
    code: ended,
    stdout,
    stderr,
    status: isLate ? "abort" : "complete",
    ...(isLate ? { message: `not finished within ${timeoutMs} ms` } : {}),
  };
  const output = [{ stream: "stdout", text: stdout } as const, { stream: "stderr", text: stderr } as const];
  const heard = args.output ? { output: output.filter(({ text }) => text !== "") } : {};
  return {
    answered: { type: "result", atMs, outcome: { ok: true, value }, ...heard },
    takesMs,
    failed: ended === 0 ? null : failedBy(ended),
  };
}

export function answerFetch(call: GuestCall, scene: Scene): Answered {
  const args = call.args as { readonly url: string | { readonly secret: string }; readonly method: string };
  const url = typeof args.url === "string" ? args.url : args.url.secret;
  try {
    return tryAll(call, scene, (spentMs) => {
      const found = scene.test.fetch.take(`${args.method} ${url}`, url, call.name);
      if (found.type !== "answer") {
        return unanswered("fetch", "fetch", `${args.method} ${url}`, found, '{ status: 200, body: "" }');
      }
      return tryFetch(url, scene, found.answer, spentMs);
    });
  } catch (thrown) {
    return failure(scene, toAppError(thrown));
  }
}

function tryFetch(
  url: string,
  scene: Scene,
  { status, headers, body, takesMs, error }: FetchAnswer,
  spentMs: number,
): Tried {
  if (error !== null) {
    const thrown = errorOf(error, "FETCH_FAILED");
    const failed = { codes: [thrown.code], mayPass: mayFetchPass(thrown.code), reason: thrown.message };
    return { answered: failure(scene, thrown, spentMs + takesMs), takesMs, failed };
  }
  const value: JsonValue = { url, redirected: false, status, statusText: "", headers: { ...headers }, text: body };
  const askedMs = parseRetryAfter(headers["retry-after"], scene.nowMs + spentMs + takesMs);
  const failed = { codes: [status], mayPass: mayFetchPass(status), reason: `HTTP ${status}`, askedMs };
  return { answered: result(scene, value, spentMs + takesMs), takesMs, failed };
}

/** Tries until it is a success or the script's policy is used up; the time between two tries passes, too. */
function tryAll(call: GuestCall, scene: Scene, tryOnce: (spentMs: number) => Tried | Answered): Answered {
  const args = call.args as { readonly retry?: JsonValue };
  // Options that cannot be are refused before anything is tried.
  retryOf(args);
  let spentMs = 0;
  for (let attempt = 1; ; attempt++) {
    const tried = tryOnce(spentMs);
    if ("type" in tried) return tried;
    const { answered, takesMs, failed } = tried;
    const next = failed === null ? null : planRetry(args, stepIdOf(call, scene), attempt, failed);
    if (next === null) return answered;
    spentMs += takesMs + next.delayMs;
  }
}

function failedBy(...codes: readonly (number | string)[]): FailedTry {
  return { codes, mayPass: true, reason: "" };
}

function errorOf({ code, message }: Failure, usual: ErrorCode): AppError {
  const known = code !== null && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : usual;
  return new AppError(known, message);
}

/** What is to be written into the table for a call that it does not know. */
export function unanswered(
  what: string,
  table: string,
  name: string,
  found: Exclude<Found<unknown>, { readonly type: "answer" }>,
  example: string,
): Answered {
  const shown = JSON.stringify(name);
  if (found.type === "used_up") {
    const message = `${what} ${shown} is called more often than its list has answers: ${found.count}`;
    return { type: "unanswered", message, hint: `add one to ${table}: { ${shown}: […, ${example}] }` };
  }
  const meant = found.meant === undefined ? "" : `, and not ${JSON.stringify(found.meant)}`;
  return {
    type: "unanswered",
    message: `${what} ${shown} has no answer in this test`,
    hint: `write ${table}: { ${shown}: ${example} }${meant}`,
  };
}

function stepIdOf({ number }: Pick<GuestCall, "number">, { runId }: Scene): string {
  return formatStepId({ runId, number });
}
