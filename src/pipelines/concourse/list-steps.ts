// The steps of a job and those inside of a step, as lists.

import type { Hooks, JobPlan, StepPlan } from "./plan.ts";

export function listHooks({ onSuccess, onFailure, onError, onAbort, ensure }: Hooks): readonly StepPlan[] {
  return [onSuccess, onFailure, onError, onAbort, ensure].filter((each) => each !== undefined);
}

/** The plan of a job, then its hooks. */
export function listOuter(job: Hooks & Pick<JobPlan, "plan">): readonly StepPlan[] {
  return [...job.plan, ...listHooks(job)];
}

/** The steps directly inside of this one, then its hooks. */
export function listInner(step: StepPlan): readonly StepPlan[] {
  return [...("steps" in step ? step.steps : []), ...listHooks(step)];
}

/** All steps of a job, however deep. */
export function listSteps(job: Hooks & Pick<JobPlan, "plan">): readonly StepPlan[] {
  return listOuter(job).flatMap(listAll);
}

function listAll(step: StepPlan): readonly StepPlan[] {
  return [step, ...listInner(step).flatMap(listAll)];
}
