// The id of a step: of which run it is, and which of that run's host calls.

import { AppError } from "./app-error.ts";

/** The two parts of a step's id, `<run id>.<number of the host call>`. */
export interface StepKey {
  readonly runId: string;
  /** Of the host call. */
  readonly number: number;
}

export function formatStepId({ runId, number }: StepKey): string {
  return `${runId}.${number}`;
}

/** @throws {AppError} INTERNAL when it is not the id of a step, or of another run than `ofRun`. */
export function parseStepId(stepId: string, ofRun?: string): StepKey {
  const match = /^(.+)\.(\d{1,15})$/s.exec(stepId);
  const runId = match?.[1];
  if (runId !== undefined && (ofRun === undefined || ofRun === runId)) return { runId, number: Number(match?.[2]) };
  throw new AppError(
    "INTERNAL",
    `"${stepId}" is not the id of a step${ofRun === undefined ? "" : ` of run ${ofRun}`}`,
    {
      hint: "this is a bug in runner; please report it",
    },
  );
}

/** @throws {AppError} INTERNAL when it is not the id of a step. */
export function stepNumber({ id }: { readonly id: string }): number {
  return parseStepId(id).number;
}
