// What a step is given is sent to the host in one call, and a call that is too large ends the run, which nothing catches and
// whose line is one of the runtime.

import { formatByteSize } from "../../../core/byte-size.ts";
import { maxValueLength } from "../../../core/value-length.ts";
import type { Place } from "../plan.ts";
import { PlanError } from "./outcome.ts";

/** For what the runtime adds: folders, names, where it was called. */
const reserve = 32 * 1024;
const mostLength = maxValueLength - reserve;

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
  if (total > mostLength) throw new PlanError(`${what}: ${tooLarge(largest, most)}`, at);
}

/** For what is no field of the file. @throws where it is too large. */
export function checkSizeOf(value: object, name: string): void {
  const { length } = JSON.stringify(value);
  if (length > mostLength) throw new Error(tooLarge(name, length));
}

function tooLarge(name: string, length: number): string {
  const limit = `what a step is given has less than ${formatByteSize(maxValueLength)} in all`;
  return `${name} has ${formatByteSize(length)} as JSON; ${limit}: hand large data on as a file of an artifact`;
}
