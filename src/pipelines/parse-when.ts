// `webhook.when` in a script's config: the condition on a request without which it starts no run.

import { describeValue, type FieldProblems } from "../core/field-problem.ts";

/** What is wrong with a text as a condition; null where nothing is. */
export type CheckCondition = (condition: string) => string | null;

export function readWhen(value: unknown, problems: FieldProblems, checkCondition: CheckCondition): string | undefined {
  if (value === undefined) return undefined;
  const field = "config.webhook.when";
  if (typeof value !== "string") {
    const hint = "write for example 'payload.ref == \"refs/heads/main\"', between quotes";
    problems.add(field, `must be a text, not ${describeValue(value)}`, hint);
    return undefined;
  }
  const problem = checkCondition(value);
  if (problem !== null) problems.add(field, `is no condition: ${problem}`, "`runner eval` tries one on a request");
  return value;
}
