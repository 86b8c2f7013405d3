// `webhook.dedupe` in a script's config: what tells one delivery from others, so that its repetitions begin no run.

import type { WebhookConfig } from "../core/pipeline-config.ts";
import { idlessProviders } from "../core/webhook-provider.ts";
import { describeValue, type FieldProblems } from "../core/field-problem.ts";
import type { CheckCondition } from "./parse-when.ts";

/** The id that the sender gives it: as good as leaving the field out. */
const byId = "delivery-id";

export function readDedupe(
  { dedupe: value, provider }: Readonly<Record<string, unknown>>,
  problems: FieldProblems,
  checkCondition: CheckCondition,
): Pick<WebhookConfig, "dedupe"> {
  if (value === undefined) return {};
  if (value === false) return { dedupe: false };
  const field = "config.webhook.dedupe";
  if (value === byId) {
    const idless = idlessProviders.find((name) => name === provider);
    const hint = 'write an expression like "payload.id", or leave it out';
    if (idless !== undefined) problems.add(field, `cannot be "${byId}": ${idless} sends none`, hint);
    return {};
  }
  if (typeof value !== "string") {
    const hint = `write "${byId}", an expression between quotes like "payload.id", or false`;
    problems.add(field, `must be a text or false, not ${describeValue(value)}`, hint);
    return {};
  }
  const problem = checkCondition(value);
  if (problem === null) return { dedupe: value };
  problems.add(field, `is no expression: ${problem}`, "`runner eval` tries one on a request");
  return {};
}
