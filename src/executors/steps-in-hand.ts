// The steps that an executor is busy with: each once at a time.

import { AppError } from "../core/app-error.ts";
import type { TakenUpStep } from "./executor.ts";
import { checkStepId } from "./process/step-id.ts";

export class StepsInHand {
  readonly #stepIds = new Set<string>();

  has(stepId: string): boolean {
    return this.#stepIds.has(stepId);
  }

  /**
   * Does what begins a step, which is in hand until its outcome, or until it turns out that there is none.
   * @throws {AppError} INTERNAL when it is in hand already, or its id is none.
   */
  async begin<T extends TakenUpStep>(stepId: string, begin: () => Promise<T>): Promise<T> {
    checkStepId(stepId);
    if (this.has(stepId)) throw new AppError("INTERNAL", `the step ${stepId} is already running`);
    this.#stepIds.add(stepId);
    const release = (): void => void this.#stepIds.delete(stepId);
    try {
      const step = await begin();
      if (typeof step === "string") release();
      else void step.outcome.then(release, release);
      return step;
    } catch (thrown) {
      release();
      throw thrown;
    }
  }

  /** @throws {AppError} INTERNAL when it is in hand, or its id is none. */
  checkIdle(stepId: string): void {
    checkStepId(stepId);
    if (this.has(stepId)) throw new AppError("INTERNAL", `the step ${stepId} is still running`);
  }
}
