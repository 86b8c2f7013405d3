// `export const config` of a script as a PipelineConfig, or every problem it has.

import { formatByteSize, parseByteSize } from "../core/byte-size.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { parseDuration } from "../core/duration.ts";
import type { ParamSpec, PipelineConfig, WebhookConfig } from "../core/pipeline-config.ts";
import { describeValue, type FieldProblem, FieldProblems } from "./field-problem.ts";
import { readAfter } from "./parse-after.ts";
import { type CheckTemplate, readConcurrency, readPriority } from "./parse-concurrency.ts";
import { parseParamSpec } from "./parse-param-spec.ts";
import { readSchedules } from "./parse-schedule.ts";

export type ParsedConfig =
  | { readonly ok: true; readonly config: PipelineConfig }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

const fields = ["webhook", "params", "timeout", "memory", "priority", "concurrency", "schedule", "after"];
const laterFields =
  "retry retries notify on vars env secrets needs dedupe rate cache retention history approvals".split(" ");
const laterWebhookFields = "dedupe toleranceSeconds tolerance rate filter events methods header".split(" ");
const providers = ["github", "slack", "generic"];
const minMemoryBytes = 16 * 1024 ** 2;
const maxMemoryBytes = 1024 ** 3;
const maxParams = 100;

/** `undefined` is a script without `config`: everything is as by default. */
export function parsePipelineConfig(value: unknown, checkTemplate: CheckTemplate = () => null): ParsedConfig {
  const problems = new FieldProblems();
  const config =
    value === undefined ? {} : problems.readObject("config", value, 'write: export const config = { timeout: "5m" }');
  if (!config) return { ok: false, problems: problems.list };
  problems.refuseUnknown("config", config, fields, laterFields);
  const timeoutMs = readTimeout(config["timeout"], problems);
  const memoryBytes = readMemory(config["memory"], problems);
  const priority = readPriority(config["priority"], problems);
  const webhook = readWebhook(config["webhook"], problems);
  const params = readParams(config["params"], problems);
  const schedules = readSchedules(config["schedule"], params, problems);
  const after = readAfter(config["after"], problems);
  const parsed: PipelineConfig = {
    webhook,
    params,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(priority === undefined ? {} : { priority }),
    ...readConcurrency(config["concurrency"], problems, checkTemplate),
    ...(schedules.length === 0 ? {} : { schedules }),
    ...(after.length === 0 ? {} : { after }),
  };
  return problems.list.length > 0 ? { ok: false, problems: problems.list } : { ok: true, config: parsed };
}

function readWebhook(value: unknown, problems: FieldProblems): WebhookConfig | false {
  if (value === undefined) return {};
  if (value === false) return false;
  const hint = 'write { provider: "github", secret: "env:NAME" }, or false for no webhook';
  const webhook = problems.readObject("config.webhook", value, hint);
  if (!webhook) return {};
  problems.refuseUnknown("config.webhook", webhook, ["provider", "secret", "stream"], laterWebhookFields);
  const { provider, secret } = webhook;
  if (provider !== undefined && (typeof provider !== "string" || !providers.includes(provider))) {
    const near = typeof provider === "string" ? didYouMean(provider, providers) : undefined;
    const known = `known providers: ${providers.join(", ")}`;
    problems.add(
      "config.webhook.provider",
      `cannot be ${describeValue(provider)}`,
      near ? `did you mean "${near}"?` : known,
    );
  }
  // A secret that turned out undefined must not open the webhook to everyone.
  if (Object.hasOwn(webhook, "secret") && typeof secret !== "string") {
    const form = 'write "env:NAME", "file:/path", "secret:NAME" or the secret itself';
    problems.add("config.webhook.secret", `must be a text, not ${describeValue(secret)}`, form);
  }
  const { stream } = webhook;
  if (stream !== undefined && typeof stream !== "boolean") {
    problems.add("config.webhook.stream", `must be true or false, not ${describeValue(stream)}`);
  }
  return {
    ...(typeof provider === "string" ? { provider } : {}),
    ...(typeof secret === "string" ? { secret } : {}),
    ...(stream === true ? { stream } : {}),
  };
}

function readParams(value: unknown, problems: FieldProblems): Readonly<Record<string, ParamSpec>> {
  if (value === undefined) return {};
  const hint = 'write { target: { type: "string", default: "nas" } }';
  const params = Object.entries(problems.readObject("config.params", value, hint) ?? {});
  if (params.length > maxParams) {
    problems.add("config.params", `has ${params.length} parameters; at most ${maxParams} are allowed`);
    return {};
  }
  const specs: [string, ParamSpec][] = [];
  for (const [name, spec] of params) {
    if (name === "__proto__" || !/^[A-Za-z_][\w-]{0,63}$/.test(name)) {
      const rule = "begin with a letter; then letters, digits, _ and -, at most 64";
      problems.add("config.params", `cannot have a parameter named ${JSON.stringify(name.slice(0, 80))}`, rule);
      continue;
    }
    specs.push([name, parseParamSpec(`config.params.${name}`, spec, problems)]);
  }
  return Object.fromEntries(specs);
}

function readTimeout(value: unknown, problems: FieldProblems): number | undefined {
  if (value === undefined) return undefined;
  const timeoutMs = attempt(() => parseDuration(value));
  if (timeoutMs !== undefined && timeoutMs >= 1) return timeoutMs;
  const hint = 'write a number with a unit, like "30s", "5m" or "1h30m"; leave it out for no limit';
  problems.add("config.timeout", `must be a duration above zero, not ${describeValue(value)}`, hint);
  return undefined;
}

function readMemory(value: unknown, problems: FieldProblems): number | undefined {
  if (value === undefined) return undefined;
  const memoryBytes = attempt(() => parseByteSize(value));
  if (memoryBytes !== undefined && memoryBytes >= minMemoryBytes && memoryBytes <= maxMemoryBytes) return memoryBytes;
  const range = `a size from ${formatByteSize(minMemoryBytes)} to ${formatByteSize(maxMemoryBytes)}`;
  problems.add("config.memory", `must be ${range}, not ${describeValue(value)}`, 'write for example "128MiB"');
  return undefined;
}

function attempt(parse: () => number): number | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
