// A step with all that is around it, from the inside out: its time, its attempts, `across`, and its hooks.

import type { Hooks, StepPlan } from "../plan.ts";
import { notifyTargets, loadVar, setPipeline, waitAtGate } from "./small-steps.ts";
import { runAcross, runInOrder, runInParallel, tryInOrder } from "./group-steps.ts";
import { afterHook, type Outcome, outcomeOf } from "./outcome.ts";
import { readCount, readDuration } from "./read-template.ts";
import { getResource, putResource } from "./resource-steps.ts";
import type { Scope } from "./scope.ts";
import { runTask } from "./task-step.ts";

/** Never rejects. */
export async function runStep(step: StepPlan, scope: Scope): Promise<Outcome> {
  const around = async (): Promise<Outcome> =>
    step.across === undefined
      ? await tryOften(step, scope)
      : await runAcross(step, step.across, scope, async (inside) => await tryOften(step, inside));
  const outcome = await settled(step, around);
  return await runHooks(step, outcome, scope);
}

/**
 * Runs the hooks for an outcome, in Concourse's order: `ensure` is outermost, and each sees what those within it made of
 * the outcome. Never rejects.
 */
export async function runHooks(hooks: Hooks, outcome: Outcome, scope: Scope): Promise<Outcome> {
  const { onSuccess, onFailure, onAbort, onError, ensure } = hooks;
  let now = outcome;
  const after = async (hook: StepPlan | undefined, applies: boolean): Promise<void> => {
    if (hook !== undefined && applies) now = afterHook(now, await runStep(hook, scope.unlimited()));
  };
  await after(onSuccess, now.status === "succeeded");
  await after(onFailure, now.status === "failed");
  await after(onAbort, now.status === "aborted");
  await after(onError, now.status === "errored");
  await after(ensure, true);
  return now;
}

async function tryOften(step: StepPlan, scope: Scope): Promise<Outcome> {
  const attempts = step.attempts === undefined ? 1 : readCount(step.attempts, scope, step.at, "attempts");
  let outcome: Outcome;
  let attempt = 0;
  do {
    attempt++;
    const inside = scope.attempt(attempt);
    outcome = await settled(step, async () => await runInTime(step, inside));
  } while (attempt < attempts && (outcome.status === "failed" || outcome.status === "errored"));
  return outcome;
}

async function runInTime(step: StepPlan, scope: Scope): Promise<Outcome> {
  if (step.timeout === undefined) return await runBare(step, scope);
  const limitMs = readDuration(step.timeout, scope, step.at, "timeout");
  return await runBare(step, scope.until(Date.now() + limitMs));
}

async function runBare(step: StepPlan, scope: Scope): Promise<Outcome> {
  scope.signal?.throwIfAborted();
  switch (step.type) {
    case "task":
      return await runTask(step, scope);
    case "get":
      return await getResource(step, scope);
    case "put":
      return await putResource(step, scope);
    case "do":
      return await runInOrder(step.steps, scope, runStep);
    case "try":
      return await tryInOrder(step.steps, scope, runStep);
    case "in_parallel":
      return await runInParallel(step, scope, runStep);
    case "load_var":
      return await loadVar(step, scope);
    case "set_pipeline":
      return await setPipeline(step, scope);
    case "gate":
      return await waitAtGate(step, scope);
    case "notify":
      return await notifyTargets(step, scope);
  }
}

async function settled(step: StepPlan, work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (thrown) {
    return outcomeOf(thrown, "name" in step ? `${step.type} ${step.name}` : step.type, step.at);
  }
}
