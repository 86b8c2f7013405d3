// `retention` in a pipeline's config: runs of it that go earlier than the server's own limits say.

import { describeValue, type FieldProblems } from "../core/field-problem.ts";
import type { RetentionConfig } from "../core/pipeline-config.ts";

const fields = ["runs", "days", "minSucceeded"] as const;

export function readRetention(value: unknown, problems: FieldProblems): RetentionConfig | undefined {
  if (value === undefined) return undefined;
  const form = "write { runs: 100, days: 30, minSucceeded: 1 }, or less of it";
  const given = problems.readObject("config.retention", value, form);
  if (!given) return undefined;
  problems.refuseUnknown("config.retention", given, fields, []);
  const entries = fields.flatMap((field) => {
    const count = given[field];
    if (count === undefined) return [];
    if (typeof count === "number" && Number.isSafeInteger(count) && count >= 1) return [[field, count] as const];
    problems.add(`config.retention.${field}`, `must be a whole number from 1, not ${describeValue(count)}`, form);
    return [];
  });
  return Object.fromEntries(entries);
}
