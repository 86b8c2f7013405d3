// Until when a step may go on, as options of a host call: the time it still has, and what ends it before.

import { type Place } from "../plan.ts";
import { PlanError } from "./outcome.ts";
import type { Scope } from "./scope.ts";

export interface StepBounds {
  /** Milliseconds. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** Some milliseconds go before a step begins: told to one, a timeout of 1s would be one of 998 ms. */
const roundUpMs = 50;

/** @throws {PlanError} a failure, where there is no time left. */
export function stepBounds({ deadline, signal }: Scope, what: string, at: Place): StepBounds {
  const bounds = signal === null ? {} : { signal };
  if (deadline === null) return bounds;
  const leftMs = deadline - Date.now();
  if (leftMs > 0) return { ...bounds, timeout: Math.ceil(leftMs / roundUpMs) * roundUpMs };
  throw new PlanError(`${what}: its time was over before it began`, at, true);
}
