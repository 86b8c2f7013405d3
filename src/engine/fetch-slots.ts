// What bounds the memory that all fetches take together.

import { StepSlots } from "./step-slots.ts";

export interface FetchSlots {
  /** Requests under way, and answers that wait for what follows. */
  readonly requests: StepSlots;
  /** Large answers on their way into the journal and the script, each in several copies. */
  readonly largeAnswers: StepSlots;
}

export function createFetchSlots(): FetchSlots {
  return { requests: new StepSlots(32), largeAnswers: new StepSlots(3) };
}
