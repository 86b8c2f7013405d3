// Waiting for a slot for as long as a run goes on.

import { AppError } from "../core/app-error.ts";
import type { StepSlots } from "./step-slots.ts";

/**
 * Waits for a turn; the returned function gives it back, as does the end of the run.
 * @throws {AppError} RUN_CANCELLED when the run ends before that.
 */
export function takeSlot(slots: StepSlots, signal: AbortSignal): Promise<() => void> {
  return new Promise((resolve, reject) => {
    let state: "waiting" | "taken" | "over" = "waiting";
    const release = (): void => {
      signal.removeEventListener("abort", release);
      if (state === "taken") slots.release();
      else if (state === "waiting" && giveUp()) reject(new AppError("RUN_CANCELLED", "the run has ended"));
      state = "over";
    };
    signal.addEventListener("abort", release);
    const giveUp = slots.wait(() => {
      state = "taken";
      resolve(release);
    });
    if (signal.aborted) release();
  });
}
