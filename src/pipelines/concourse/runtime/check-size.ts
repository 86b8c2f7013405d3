// What a step is given is sent to the host in one call, and a call that is too large ends the run, which nothing catches and
// whose line is one of the runtime.

import { formatByteSize } from "../../../core/byte-size.ts";
import { maxValueLength } from "../../../core/value-length.ts";
import type { Place } from "../plan.ts";
import { PlanError } from "./outcome.ts";

/** For what the runtime adds: folders, names, where it was called. */
const reserve = 32 * 1024;

/** Texts, lists and objects by their field. @throws {PlanError} that names the largest value, where all are too much. */
export function checkSize(fields: Readonly<Record<string, string | object>>, what: string, at: Place): void {
  let total = 0;
  let [largest, most] = ["", 0];
  for (const [field, values] of Object.entries(fields)) {
    const isText = typeof values === "string";
    for (const [name, value] of isText ? [["", values]] : (Object.entries(values) as [string, unknown][])) {
      const { length } = JSON.stringify(value) ?? "";
      total += name.length + length;
      if (length <= most) continue;
      largest = isText ? field : Array.isArray(values) ? `${field}[${name}]` : `${field}.${name}`;
      most = length;
    }
  }
  if (total <= maxValueLength - reserve) return;
  const size = `${largest} has ${formatByteSize(most)} as JSON`;
  const limit = `what a step is given has less than ${formatByteSize(maxValueLength)} in all`;
  throw new PlanError(`${what}: ${size}; ${limit}: hand large data on as a file of an artifact`, at);
}
