// Fields that are a value or a text with `((vars))` that becomes one, such as `attempts` and `timeout`.

import type { Place, Template } from "../plan.ts";
import { parseDuration } from "../../../core/duration.ts";
import { PlanError } from "./outcome.ts";
import type { Scope } from "./scope.ts";

/** A whole number from 1 on. @throws {PlanError} */
export function readCount(value: Template<number>, scope: Scope, at: Place, what: string): number {
  const filled = typeof value === "string" ? scope.job.vars.fill(value, scope, at) : value;
  const count = typeof filled === "string" && /^\d{1,9}$/.test(filled.trim()) ? Number(filled) : filled;
  if (typeof count === "number" && Number.isInteger(count) && count >= 1) return count;
  throw new PlanError(`${what} must be a whole number from 1 on, not ${JSON.stringify(filled)}`, at);
}

/** @throws {PlanError} */
export function readFlag(value: Template<boolean> | undefined, scope: Scope, at: Place, what: string): boolean {
  const filled = typeof value === "string" ? scope.job.vars.fill(value, scope, at) : (value ?? false);
  if (filled === true || filled === "true") return true;
  if (filled === false || filled === "false") return false;
  throw new PlanError(`${what} must be true or false, not ${JSON.stringify(filled)}`, at);
}

/** Milliseconds. @throws {PlanError} */
export function readDuration(value: Template<string | number>, scope: Scope, at: Place, what: string): number {
  const filled = typeof value === "string" ? scope.job.vars.fill(value, scope, at) : value;
  try {
    const ms = typeof filled === "string" ? parseDuration(filled) : 0;
    if (ms > 0) return ms;
  } catch {
    // Told below, with its place.
  }
  throw new PlanError(`${what} must be a duration as "1h30m", not ${JSON.stringify(filled)}`, at);
}
