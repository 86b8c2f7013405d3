// `config.webhook` of a script: who sends, and how it is known that they did.

import { didYouMean } from "../core/did-you-mean.ts";
import type { WebhookConfig } from "../core/pipeline-config.ts";
import { providerNames, sha1Providers } from "../core/webhook-provider.ts";
import { describeValue, type FieldProblems } from "../core/field-problem.ts";
import { readDedupe } from "./parse-dedupe.ts";
import { readSchema, type CheckSchema } from "./parse-schema.ts";
import { readWebhookLimits, webhookLimitFields } from "./parse-webhook-limits.ts";
import { type CheckCondition, readWhen } from "./parse-when.ts";

const ownFields = ["provider", "secret", "algorithm", "toleranceSeconds", "stream", "when", "dedupe", "schema"];
const fields = [...ownFields, ...webhookLimitFields];
const laterFields = "tolerance filter events methods header".split(" ");
const maxSecrets = 8;
const maxToleranceSeconds = 24 * 60 * 60;

export function readWebhook(
  value: unknown,
  problems: FieldProblems,
  checkCondition: CheckCondition,
  checkSchema: CheckSchema,
): WebhookConfig | false {
  if (value === undefined) return {};
  if (value === false) return false;
  const hint = 'write { provider: "github", secret: "env:NAME" }, or false for no webhook';
  const webhook = problems.readObject("config.webhook", value, hint);
  if (!webhook) return {};
  problems.refuseUnknown("config.webhook", webhook, fields, laterFields);
  const { stream } = webhook;
  if (stream !== undefined && typeof stream !== "boolean") {
    problems.add("config.webhook.stream", `must be true or false, not ${describeValue(stream)}`);
  }
  const when = readWhen(webhook["when"], problems, checkCondition);
  const schema = readSchema(webhook["schema"], problems, checkSchema);
  return {
    ...readProvider(webhook["provider"], problems),
    ...readSecret(webhook, problems),
    ...readAlgorithm(webhook["algorithm"], webhook["provider"], problems),
    ...readTolerance(webhook["toleranceSeconds"], problems),
    ...(stream === true ? { stream } : {}),
    ...(when === undefined ? {} : { when }),
    ...readDedupe(webhook, problems, checkCondition),
    ...(schema === undefined ? {} : { schema }),
    ...readWebhookLimits(webhook, problems),
  };
}

function readProvider(provider: unknown, problems: FieldProblems): Pick<WebhookConfig, "provider"> {
  if (provider === undefined) return {};
  const names: readonly string[] = providerNames;
  if (typeof provider === "string" && names.includes(provider)) return { provider };
  const near = typeof provider === "string" ? didYouMean(provider, names) : undefined;
  const known = `known providers: ${names.join(", ")}`;
  const message = `cannot be ${describeValue(provider)}`;
  problems.add("config.webhook.provider", message, near ? `did you mean "${near}"?` : known);
  return {};
}

/** A secret that turned out undefined must not open the webhook to everyone, nor may an empty list. */
function readSecret(
  webhook: Readonly<Record<string, unknown>>,
  problems: FieldProblems,
): Pick<WebhookConfig, "secret"> {
  if (!Object.hasOwn(webhook, "secret")) return {};
  const { secret } = webhook;
  if (typeof secret === "string") return { secret };
  const form =
    'write "env:NAME", "file:/path", "secret:NAME" or the secret itself; several as a list, while they are changed';
  if (!Array.isArray(secret)) {
    problems.add("config.webhook.secret", `must be a text, not ${describeValue(secret)}`, form);
    return {};
  }
  const texts = secret.filter((each) => typeof each === "string");
  if (texts.length === secret.length && texts.length > 0 && texts.length <= maxSecrets) return { secret: texts };
  const count = `must have 1 to ${maxSecrets} texts in its list`;
  const other: unknown = secret.find((each) => typeof each !== "string");
  problems.add(
    "config.webhook.secret",
    texts.length === secret.length ? `${count}, not ${secret.length}` : `${count}, not ${describeValue(other)}`,
    form,
  );
  return {};
}

function readAlgorithm(
  algorithm: unknown,
  provider: unknown,
  problems: FieldProblems,
): Pick<WebhookConfig, "algorithm"> {
  if (algorithm === undefined) return {};
  if (algorithm !== "sha1") {
    const hint = "SHA-256 needs no word; leave it out";
    problems.add("config.webhook.algorithm", `can only be "sha1", not ${describeValue(algorithm)}`, hint);
    return {};
  }
  if (sha1Providers.some((name) => name === provider)) return { algorithm };
  const names = sha1Providers.map((name) => JSON.stringify(name)).join(" or ");
  problems.add("config.webhook.algorithm", `"sha1" needs the provider ${names} beside it`, "leave it out for others");
  return {};
}

function readTolerance(seconds: unknown, problems: FieldProblems): Pick<WebhookConfig, "toleranceMs"> {
  if (seconds === undefined) return {};
  if (typeof seconds === "number" && Number.isInteger(seconds) && seconds >= 1 && seconds <= maxToleranceSeconds) {
    return { toleranceMs: seconds * 1000 };
  }
  const range = `a whole number of seconds from 1 to ${maxToleranceSeconds}`;
  problems.add("config.webhook.toleranceSeconds", `must be ${range}, not ${describeValue(seconds)}`);
  return {};
}
