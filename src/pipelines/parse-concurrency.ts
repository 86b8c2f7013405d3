// `priority` and `concurrency` in a script's config: which of its runs may execute at once, and which comes first.

import { didYouMean } from "../core/did-you-mean.ts";
import { type ConflictRule, conflictRules, type PipelineConfig } from "../core/pipeline-config.ts";
import { describeValue, type FieldProblems } from "../core/field-problem.ts";

/** What is wrong with the holes of a text, `"deploy-${payload.ref}"`; null where nothing is. */
export type CheckTemplate = (template: string) => string | null;

type ConcurrencyConfig = Pick<PipelineConfig, "concurrencyLimit" | "concurrencyKey" | "onConflict">;

const maxConcurrency = 10_000;
const maxKeyCharacters = 1000;
const greatestPriority = 100;

export function readPriority(value: unknown, problems: FieldProblems): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) <= greatestPriority) return value;
  const range = `a whole number from -${greatestPriority} to ${greatestPriority}`;
  problems.add("config.priority", `must be ${range}, not ${describeValue(value)}`, "a higher one begins earlier");
  return undefined;
}

export function readConcurrency(
  value: unknown,
  problems: FieldProblems,
  checkTemplate: CheckTemplate,
): ConcurrencyConfig {
  if (value === undefined) return {};
  const concurrency = problems.readObject("config.concurrency", value, "write { limit: 1 }");
  if (!concurrency) return {};
  problems.refuseUnknown("config.concurrency", concurrency, ["key", "limit", "onConflict"], []);
  const key = readKey(concurrency["key"], problems, checkTemplate);
  const rule = readRule(concurrency["onConflict"], problems);
  return {
    concurrencyLimit: readLimit(concurrency["limit"], problems),
    ...(key === undefined ? {} : { concurrencyKey: key }),
    ...(rule === undefined || rule === "queue" ? {} : { onConflict: rule }),
  };
}

function readLimit(limit: unknown, problems: FieldProblems): number {
  if (limit === undefined) return 1;
  if (typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= maxConcurrency) return limit;
  const range = `a whole number from 1 to ${maxConcurrency}`;
  problems.add("config.concurrency.limit", `must be ${range}, not ${describeValue(limit)}`);
  return 1;
}

function readKey(key: unknown, problems: FieldProblems, checkTemplate: CheckTemplate): string | undefined {
  if (key === undefined) return undefined;
  const field = "config.concurrency.key";
  const hint = 'write for example "deploy-${payload.ref}", between quotes; leave it out for one key per pipeline';
  if (typeof key !== "string" || key.trim() === "" || key.length > maxKeyCharacters) {
    const found = typeof key === "string" && key.length > maxKeyCharacters ? "a longer one" : describeValue(key);
    problems.add(field, `must be a text of 1 to ${maxKeyCharacters} characters, not ${found}`, hint);
    return undefined;
  }
  const problem = checkTemplate(key);
  if (problem !== null) problems.add(field, `cannot be filled: ${problem}`);
  return key;
}

function readRule(rule: unknown, problems: FieldProblems): ConflictRule | undefined {
  const known = conflictRules.find((each) => each === rule);
  if (rule === undefined || known !== undefined) return known;
  const near = typeof rule === "string" ? didYouMean(rule, conflictRules) : undefined;
  const hint = near ? `did you mean "${near}"?` : `known are ${conflictRules.join(", ")}`;
  problems.add("config.concurrency.onConflict", `cannot be ${describeValue(rule)}`, hint);
  return undefined;
}
