// The top level of a pipeline's file: jobs, resources, sources of vars.

import { didYouMean } from "../../core/did-you-mean.ts";
import { describeValue } from "../../core/field-problem.ts";
import type { JsonValue } from "../../core/json.ts";
import { dropEmpty } from "./drop-empty.ts";
import { type ParsedJob, parseJob, readExecution } from "./parse-job.ts";
import { type ParsedResource, parseResources } from "./parse-resources.ts";
import type { ExecutionAssert, JsonObject } from "./plan.ts";
import { fillGiven } from "./var-text.ts";
import { defined, type Fields, type PlanReader } from "./plan-reader.ts";

export interface ParsedPipeline {
  readonly jobs: readonly ParsedJob[];
  readonly resources: readonly ParsedResource[];
  readonly varSources: Readonly<Record<string, JsonObject>>;
  readonly maxInFlight?: number;
  readonly assert?: ExecutionAssert;
  /** As `export const config` of a script; what is in it is checked where that is. */
  readonly config: Fields;
}

const fields = [
  "jobs",
  "resources",
  "resource_types",
  "var_sources",
  "groups",
  "display",
  "max_in_flight",
  "assert",
  "config",
];
const maxJobs = 1000;
const form = "write jobs: with a list of jobs";

export function parsePipeline(reader: PlanReader, value: unknown): ParsedPipeline {
  const empty = value === null || value === undefined;
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  const given = isMap ? dropEmpty(value as Fields) : {};
  if (empty) reader.problems.add("the file", "is empty", form);
  else if (!isMap) reader.problems.add("the file", `must be a map, not ${describeValue(value)}`, form);
  warnOfMistyped(reader, given);
  const { jobs, config, assert } = given;
  const parsed = isMap ? reader.list("jobs", jobs, findMistyped(given, "jobs") ?? form) : [];
  if (Array.isArray(jobs) && jobs.length === 0) reader.problems.add("jobs", "must have a job", form);
  if (parsed.length > maxJobs) reader.problems.add("jobs", `has ${parsed.length} jobs; at most ${maxJobs} are allowed`);
  reader.knowJobs(
    parsed.flatMap((job) => {
      const name = typeof job === "object" && job !== null && "name" in job ? job.name : undefined;
      return typeof name === "string" ? [name] : [];
    }),
  );
  const varSources = parseVarSources(reader, given["var_sources"]);
  return {
    jobs: parsed.slice(0, maxJobs).flatMap((job, index) => parseJob(reader, `jobs[${index}]`, job)),
    resources: parseResources(reader, given).map((each) => fillOwn(reader, each, varSources)),
    varSources,
    ...defined({
      maxInFlight: reader.count("max_in_flight", given["max_in_flight"]),
      assert: assert === undefined ? undefined : readExecution(reader, "assert", assert),
    }),
    config: config === undefined ? {} : (reader.object("config", config, 'write config: { timeout: "5m" }') ?? {}),
  };
}

/** A hint for who misses a field that may stand there by a mistyped name. */
export function findMistyped(given: Fields, field: string): string | null {
  const key = Object.keys(given).find((each) => !fields.includes(each) && didYouMean(each, [field]) !== undefined);
  return key === undefined ? null : `did you mean "${field}" where it says ${JSON.stringify(key)}?`;
}

/** What the file says itself: runs could find it later, but not what looks at the resource outside of them. */
function fillOwn(reader: PlanReader, parsed: ParsedResource, sources: ParsedPipeline["varSources"]): ParsedResource {
  const { path, resource } = parsed;
  let source: JsonValue = resource.source;
  try {
    for (const [name, vars] of Object.entries(sources)) {
      source = fillGiven(source, vars, (message) => new Error(message), name) as JsonValue;
    }
  } catch (thrown) {
    reader.problems.add(`${path}.source`, `has ${(thrown as Error).message}`);
  }
  return { ...parsed, resource: { ...resource, source: source as JsonObject } };
}

/** Other keys are let be, as in Concourse: anchors are kept there. */
function warnOfMistyped(reader: PlanReader, given: Fields): void {
  for (const key of Object.keys(given)) {
    const near = fields.includes(key) ? undefined : didYouMean(key, fields);
    if (near !== undefined && !(near in given)) reader.warnings.add(key, "is unknown", `did you mean "${near}"?`);
  }
}

function parseVarSources(reader: PlanReader, value: unknown): ParsedPipeline["varSources"] {
  if (value === undefined) return {};
  const hint = "write - { name: fixed, type: dummy, config: { vars: { … } } }";
  const sources = new Map<string, JsonObject>();
  for (const [index, each] of reader.list("var_sources", value, hint).entries()) {
    const at = `var_sources[${index}]`;
    const given = reader.fields(at, each, hint);
    if (!given) continue;
    reader.problems.refuseUnknown(at, given, ["name", "type", "config"], []);
    const name = reader.name(`${at}.name`, given["name"]);
    if (sources.has(name)) reader.problems.add(`${at}.name`, `names the source ${JSON.stringify(name)} a second time`);
    const { type } = given;
    if (type !== "dummy") {
      const message = type === undefined ? "is missing" : `is not supported: ${describeValue(type)}`;
      reader.problems.add(
        `${at}.type`,
        message,
        "known is dummy; secrets are kept by runner: ((name)), ((secret:name))",
      );
    }
    const config = type === "dummy" ? reader.object(`${at}.config`, given["config"], hint) : undefined;
    const vars = config?.["vars"];
    sources.set(name, config === undefined || vars === undefined ? {} : reader.data(`${at}.config.vars`, vars));
  }
  return Object.fromEntries(sources);
}
