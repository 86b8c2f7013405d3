// `[[webhooks]]` of runner.toml: endpoints, with every problem at its line.

import type * as Expressions from "../expressions/expressions.ts";
import { findSecretProblem, looksLikeReference } from "../secrets/secrets.ts";
import type * as Webhooks from "../webhooks/webhooks.ts";
import type { DeclaredEndpoint } from "../webhooks/webhooks.ts";
import type { FindTomlLine } from "./toml-lines.ts";

type AddProblem = (line: number | null, message: string, hint: string | null) => void;
type AddToField = (field: string, message: string, hint?: string | null) => void;

const maxEndpoints = 1000;

/** Loaded where there is an endpoint. */
const loadWebhooks = (): typeof Webhooks => require("../webhooks/webhooks.ts") as typeof Webhooks;
const loadExpressions = (): typeof Expressions => require("../expressions/expressions.ts") as typeof Expressions;

export function readEndpoints(value: unknown, findLine: FindTomlLine, add: AddProblem): readonly DeclaredEndpoint[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    add(findLine(["webhooks"]), "webhooks must be tables of a list", "write [[webhooks]] above each");
    return [];
  }
  if (value.length > maxEndpoints) {
    add(findLine(["webhooks"]), `there are ${value.length} webhooks; at most ${maxEndpoints} are taken`, null);
    return [];
  }
  const endpoints: DeclaredEndpoint[] = [];
  for (const [index, table] of value.entries()) {
    const addToField: AddToField = (field, message, hint = null) => {
      add(findLine(["webhooks", index, ...pathOf(field)]), `webhooks: ${message}`, hint);
    };
    const read = loadWebhooks().parseDeclaredEndpoint(table);
    if (!read.ok) for (const { field, message, hint } of read.problems) addToField(field, message, hint);
    else {
      const { name } = read.value;
      if (endpoints.some((each) => each.name === name)) addToField("name", `there are two endpoints named ${name}`);
      checkEndpoint(read.value, addToField);
      endpoints.push(read.value);
    }
  }
  return endpoints;
}

/** What can be judged only where expressions and secrets are known. */
function checkEndpoint({ fields, secrets }: DeclaredEndpoint, add: AddToField): void {
  if (fields.when !== null) {
    const wrong = loadExpressions().checkEventCondition(fields.when)?.split("\n")[0];
    if (wrong !== undefined) add("when", `when is no condition: ${wrong}`);
  }
  for (const secret of secrets) {
    const problem = findSecretProblem(secret);
    if (problem !== null) add("secret", `secret cannot be used: ${problem.message}`, problem.hint);
  }
  for (const [name, value] of Object.entries(fields.headers)) {
    const problem = looksLikeReference(value) ? findSecretProblem(value) : null;
    if (problem !== null) add(`headers.${name}`, `headers.${name} cannot be used: ${problem.message}`, problem.hint);
  }
}

/** `events[1]` stands in the line of `events`, `headers.X-Own` in its own. */
function pathOf(field: string): readonly string[] {
  return field
    .replace(/\[\d+\]$/, "")
    .split(".")
    .slice(0, 2);
}
