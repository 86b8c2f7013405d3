// The step that somebody names: by its id, its name, or its number.

import { AppError } from "../core/app-error.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import type { Run, Step } from "../core/run.ts";
import { stepNumber } from "../core/step-id.ts";

const shownSteps = 20;

/** @throws {AppError} STEP_NOT_FOUND; VALIDATION_FAILED where several have the name. */
export function findStep({ id: runId, steps }: Pick<Run, "id" | "steps">, wanted: string): Step {
  const byId = steps.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const [named, ...others] = steps.filter(({ name }) => name === wanted);
  if (named !== undefined && others.length === 0) return named;
  const shown = JSON.stringify(wanted.slice(0, 200));
  if (named !== undefined) {
    throw new AppError("VALIDATION_FAILED", `run ${runId} has ${others.length + 1} steps named ${shown}`, {
      hint: `give the number of one: ${list([named, ...others].map((step) => `${stepNumber(step)} (${step.status})`))}`,
      details: { field: "from" },
    });
  }
  const byNumber = /^\d+$/.test(wanted) ? steps.find((step) => stepNumber(step) === Number(wanted)) : undefined;
  if (byNumber !== undefined) return byNumber;
  const nearest = didYouMean(
    wanted,
    steps.map(({ name }) => name),
  );
  throw new AppError("STEP_NOT_FOUND", `run ${runId} has no step ${shown}`, {
    hint:
      nearest !== undefined
        ? `did you mean ${JSON.stringify(nearest)}?`
        : steps.length === 0
          ? "it has no steps at all"
          : `its steps are ${list(steps.map((step) => `${stepNumber(step)} ${JSON.stringify(step.name)}`))}`,
  });
}

function list(texts: readonly string[]): string {
  return texts.slice(0, shownSteps).join(", ") + (texts.length > shownSteps ? ", …" : "");
}
