// `webhook.schema` in a script's config: what a payload must look like to start a run.

import type { JsonValue } from "../core/json.ts";
import { describeValue, type FieldProblems } from "../core/field-problem.ts";

type Schema = Readonly<Record<string, JsonValue>>;

/** What is wrong with a JSON Schema, and where in it; null where nothing is. */
export type CheckSchema = (
  schema: Schema,
) => { readonly path: readonly (string | number)[]; readonly message: string } | null;

const field = "config.webhook.schema";
const hint = "a JSON Schema of draft 07, or of 2020-12 where its $schema says so: https://json-schema.org";

export function readSchema(value: unknown, problems: FieldProblems, checkSchema: CheckSchema): Schema | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    problems.add(field, `must be an object, not ${describeValue(value)}`, hint);
    return undefined;
  }
  // The config left the sandbox as JSON.
  const schema = value as Schema;
  const problem = checkSchema(schema);
  if (problem !== null) problems.add(`${field}${nameOf(problem.path)}`, problem.message, hint);
  return schema;
}

/** As it is written in a script, up to what cannot be written so. */
function nameOf(path: readonly (string | number)[]): string {
  let name = "";
  for (const part of path) {
    if (typeof part === "number") name += `[${part}]`;
    else if (/^[\w$-]{1,64}$/.test(part)) name += `.${part}`;
    else break;
  }
  return name;
}
