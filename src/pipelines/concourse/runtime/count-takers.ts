// How many steps of a job may take each of its artifacts.

import { listInner, listOuter } from "../list-steps.ts";
import { pick } from "../pick.ts";
import type { JobPlan, StepPlan } from "../plan.ts";
import type { Takers } from "./artifacts.ts";

/** Files that the step reads itself. */
function listFiles(step: StepPlan): readonly string[] {
  if (step.type === "load_var") return [step.file];
  if (step.type === "set_pipeline") return [step.file, ...(step.varFiles ?? [])];
  return step.type === "notify" && step.messageFile !== undefined ? [step.messageFile] : [];
}

export function countTakers(job: JobPlan): Takers {
  const takers: Takers = new Map();
  /** Also where a name is known only when its step begins. */
  let isEverything = false;
  const add = (names: readonly string[], isRepeated: boolean): void => {
    if (names.some((name) => name.includes("(("))) isEverything = true;
    for (const name of names) takers.set(name, isRepeated ? Number.POSITIVE_INFINITY : (takers.get(name) ?? 0) + 1);
  };
  const visit = (step: StepPlan, isRepeated: boolean): void => {
    const repeats = isRepeated || step.attempts !== undefined || step.across !== undefined;
    if (step.type === "task") {
      // What a task takes whose contents are in a file is not known before it is read.
      if (step.config === null) isEverything = true;
      const { inputMapping = {} } = step;
      const inputs = (step.config?.inputs ?? []).map(({ name }) => pick(inputMapping, name) ?? name);
      add(inputs, repeats);
      // The engine reads it for as long as the step lasts, and nobody is told when.
      if (step.image !== undefined) add([step.image], true);
    } else if (step.type === "put") {
      if (typeof step.inputs === "string" || step.inputs.includes("detect")) isEverything = true;
      else add(step.inputs, repeats);
    } else for (const file of listFiles(step)) add([file.split("/")[0] ?? ""], repeats);
    for (const inner of listInner(step)) visit(inner, repeats);
  };
  for (const step of listOuter(job)) visit(step, false);
  return isEverything ? new Map() : takers;
}
