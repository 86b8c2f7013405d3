// `export const config` of a script as a PipelineConfig, or every problem it has.

import { formatByteSize, parseByteSize } from "../core/byte-size.ts";
import { parseDuration } from "../core/duration.ts";
import { defaultMemoryBytes, type ParamSpec, type PipelineConfig } from "../core/pipeline-config.ts";
import { describeValue, type FieldProblem, FieldProblems } from "../core/field-problem.ts";
import { readAfter } from "./parse-after.ts";
import { type CheckTemplate, readConcurrency, readPriority } from "./parse-concurrency.ts";
import { readJobs } from "./parse-jobs.ts";
import { readResources } from "./parse-resources.ts";
import { readNotify } from "./parse-notify.ts";
import { parseParamSpec } from "./parse-param-spec.ts";
import { readRetention } from "./parse-retention.ts";
import { readSchedules } from "./parse-schedule.ts";
import type { CheckSchema } from "./parse-schema.ts";
import { readWebhook } from "./parse-webhook.ts";
import { checkMemoryForBody } from "./parse-webhook-limits.ts";
import type { CheckCondition } from "./parse-when.ts";

/** What the parts of a config are checked with that others understand. */
export interface ConfigChecks {
  readonly template?: CheckTemplate;
  readonly condition?: CheckCondition;
  readonly schema?: CheckSchema;
}

export type ParsedConfig =
  | { readonly ok: true; readonly config: PipelineConfig }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

const fields = [
  "webhook",
  "params",
  "timeout",
  "memory",
  "priority",
  "concurrency",
  "schedule",
  "after",
  "notify",
  "jobs",
  "resources",
  "retention",
];
const laterFields = "retry retries on vars env secrets needs dedupe rate cache history approvals".split(" ");
const minMemoryBytes = 16 * 1024 ** 2;
const maxMemoryBytes = 1024 ** 3;
const maxParams = 1000;

/** `undefined` is a script without `config`: everything is as by default. */
export function parsePipelineConfig(
  value: unknown,
  { template = () => null, condition = () => null, schema = () => null }: ConfigChecks = {},
): ParsedConfig {
  const problems = new FieldProblems();
  const config =
    value === undefined ? {} : problems.readObject("config", value, 'write: export const config = { timeout: "5m" }');
  if (!config) return { ok: false, problems: problems.list };
  problems.refuseUnknown("config", config, fields, laterFields);
  const timeoutMs = readTimeout(config["timeout"], problems);
  const memoryBytes = readMemory(config["memory"], problems);
  const priority = readPriority(config["priority"], problems);
  const webhook = readWebhook(config["webhook"], problems, condition, schema);
  checkMemoryForBody(webhook, memoryBytes ?? defaultMemoryBytes, problems);
  const params = readParams(config["params"], problems);
  const schedules = readSchedules(config["schedule"], params, problems);
  const after = readAfter(config["after"], problems);
  const notify = readNotify(config["notify"], problems);
  const retention = readRetention(config["retention"], problems);
  const jobs = readJobs(config["jobs"], problems);
  const resources = readResources(config["resources"], problems);
  const parsed: PipelineConfig = {
    webhook,
    params,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(priority === undefined ? {} : { priority }),
    ...readConcurrency(config["concurrency"], problems, template),
    ...(schedules.length === 0 ? {} : { schedules }),
    ...(after.length === 0 ? {} : { after }),
    ...(notify.length === 0 ? {} : { notify }),
    ...(retention === undefined ? {} : { retention }),
    ...(jobs.length === 0 ? {} : { jobs }),
    ...(resources.length === 0 ? {} : { resources }),
  };
  return problems.list.length > 0 ? { ok: false, problems: problems.list } : { ok: true, config: parsed };
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
