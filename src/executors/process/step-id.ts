// The shape of a step's id: it becomes the name of a folder and a mark on processes, so it is checked first.

import { AppError } from "../../core/app-error.ts";

const shape = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[1-9][0-9]{0,9}$/;

/** True for `<uuid in lower case>.<number>`: a name that can leave no folder and hide in no other id. */
export function isStepId(text: string): boolean {
  return shape.test(text);
}

/** @throws {AppError} INTERNAL when it is not a step id. */
export function checkStepId(stepId: string): void {
  if (isStepId(stepId)) return;
  throw new AppError("INTERNAL", `${JSON.stringify(stepId)} is not a step id`, {
    hint: "a step id is a UUID, a dot and a number; this is a bug in runner, please report it",
  });
}
