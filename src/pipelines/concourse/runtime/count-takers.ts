// What the steps of a job take of its artifacts.

import { listInner, listOuter } from "../list-steps.ts";
import { pick } from "../pick.ts";
import type { JobPlan, PutPlan, StepPlan, TaskConfig, TaskPlan } from "../plan.ts";
import { Takers } from "./takers.ts";

export function countTakers(job: JobPlan): Takers {
  const takers = new Takers();
  const visit = (step: StepPlan, isRepeated: boolean): void => {
    const repeats = isRepeated || step.attempts !== undefined || step.across !== undefined;
    const times = repeats ? Number.POSITIVE_INFINITY : 1;
    if (step.type === "task" || step.type === "put") {
      const taken = step.type === "task" ? takenByTask(step, step.config) : takenByPut(step);
      if (taken === null) takers.addOpen(times);
      else takers.add(taken, times);
    }
    // The engine reads it for as long as the step lasts, and nobody is told when.
    if (step.type === "task" && step.image !== undefined) forEver([step.image]);
    const files = listFiles(step).map((file) => file.split("/")[0] ?? "");
    if (files.some(isTemplate)) forEver(files);
    else takers.add(files, times);
    for (const inner of listInner(step)) visit(inner, repeats);
  };
  const forEver = (names: readonly string[]): void => {
    if (names.some(isTemplate)) takers.addOpen(Number.POSITIVE_INFINITY);
    else takers.add(names, Number.POSITIVE_INFINITY);
  };
  for (const step of listOuter(job)) visit(step, false);
  return takers;
}

/** Its inputs; null where they are not known before it begins: its contents are in a file, or vars stand in their names. */
export function takenByTask({ inputMapping = {} }: TaskPlan, config: TaskConfig | null): readonly string[] | null {
  const names = (config?.inputs ?? []).map(({ name }) => pick(inputMapping, name) ?? name);
  return config === null || names.some(isTemplate) ? null : names;
}

/** Null where that depends on its params, or on what there is. */
export function takenByPut({ inputs }: PutPlan): readonly string[] | null {
  return typeof inputs === "string" || inputs.includes("detect") ? null : inputs;
}

/** Files that the step reads itself. */
function listFiles(step: StepPlan): readonly string[] {
  switch (step.type) {
    case "task":
      return step.file === undefined ? [] : [step.file];
    case "load_var":
      return [step.file];
    case "set_pipeline":
      return [step.file, ...(step.varFiles ?? [])];
    case "notify":
      return step.messageFile === undefined ? [] : [step.messageFile];
    default:
      return [];
  }
}

function isTemplate(name: string): boolean {
  return name.includes("((");
}
