// The time that a step still has, as the option of a host call.

import { type Place } from "../plan.ts";
import { PlanError } from "./outcome.ts";
import type { Scope } from "./scope.ts";

/** @throws {PlanError} a failure, where there is none left. */
export function timeLeft({ deadline }: Scope, what: string, at: Place): { readonly timeout?: number } {
  if (deadline === null) return {};
  const leftMs = deadline - Date.now();
  if (leftMs > 0) return { timeout: leftMs };
  throw new PlanError(`${what}: its time was over before it began`, at, true);
}
