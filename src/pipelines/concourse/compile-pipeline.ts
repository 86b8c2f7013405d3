// The text of a YAML file as a script, or all that is wrong with it, each problem at its place. Pure.

import type { FieldProblem } from "../../core/field-problem.ts";
import type { JsonValue } from "../../core/json.ts";
import { checkArtifacts } from "./check-artifacts.ts";
import { checkGraph } from "./check-graph.ts";
import { checkVars } from "./check-vars.ts";
import { emitScript } from "./emit-script.ts";
import { listSteps } from "./list-steps.ts";
import { type ParsedPipeline, parsePipeline } from "./parse-pipeline.ts";
import type { JsonObject, Place, Plan, VarPlan } from "./plan.ts";
import { defined, type Fields, PlanReader } from "./plan-reader.ts";
import { parseYamlDocument } from "./yaml-document.ts";
import type { YamlPlaces } from "./yaml-places.ts";

export interface CompileOptions {
  /** Path below the pipelines folder. */
  readonly file: string;
  readonly text: string;
  /** What the script ends with: statements that define the function `runPlan`. */
  readonly runtime: string;
  /** What is wrong with a text as a condition on a webhook. */
  readonly checkCondition?: (condition: string) => string | null;
  /** What is wrong with the config that the script exports. */
  readonly checkConfig?: (config: JsonObject) => readonly FieldProblem[];
}

export interface PlacedProblem {
  readonly place: Place;
  readonly message: string;
  readonly hint: string | null;
}

export interface NamedTarget {
  readonly name: string;
  readonly at: Place;
}

export type CompiledPipeline =
  | {
      readonly ok: true;
      readonly plan: Plan;
      readonly code: string;
      readonly warnings: readonly PlacedProblem[];
      /** Those that its steps `notify` name, but for what is only known in a run. */
      readonly targets: readonly NamedTarget[];
    }
  | { readonly ok: false; readonly problems: readonly PlacedProblem[] };

const maxProblems = 50;

export function compilePipeline(options: CompileOptions): CompiledPipeline {
  const { file, text, checkCondition = () => null, checkConfig = () => [] } = options;
  const document = parseYamlDocument(text);
  if (!document.ok) return { ok: false, problems: document.problems.map((problem) => ({ ...problem, hint: null })) };
  const { places, data } = document;
  const reader = new PlanReader({ placeOf: (collection) => places.of(collection), checkCondition });
  const pipeline = parsePipeline(reader, data);
  checkGraph(reader, pipeline, typeof data === "object" && data !== null ? (data as Fields) : {});
  for (const { job } of pipeline.jobs) checkArtifacts(reader, job);
  const { vars, givable } = checkVars(reader, pipeline, (field) => places.locate(field));
  const plan = makePlan(file, pipeline, vars);
  const config = makeConfig(pipeline, givable);
  // What follows from the rest of the file is only as good as that.
  const own = reader.problems.list.length === 0 ? config : (pipeline.config as JsonObject);
  reader.problems.list.push(...checkConfig(own));
  const problems = [
    ...document.problems.map((problem) => ({ ...problem, hint: "keep one of them" })),
    ...placeAll(reader.problems.list, places),
  ];
  if (problems.length > 0) return { ok: false, problems: listFirst(sortByPlace(problems)) };
  const warnings = sortByPlace(placeAll(reader.warnings.list, places));
  return { ok: true, plan, code: emitScript(plan, config, options.runtime), warnings, targets: listTargets(plan) };
}

function listTargets({ jobs }: Plan): readonly NamedTarget[] {
  return jobs.flatMap(listSteps).flatMap((step) => {
    const named = step.type === "notify" ? step.to.filter((name) => !name.includes("((")) : [];
    return named.map((name) => ({ name, at: step.at }));
  });
}

/** Where a field stands, as one of `config`; null where the text cannot be read. */
export function locateYamlField(text: string, field: string): Place | null {
  const document = parseYamlDocument(text);
  return document.ok ? document.places.locate(field) : null;
}

function makePlan(file: string, pipeline: ParsedPipeline, vars: readonly VarPlan[]): Plan {
  const { jobs, resources, varSources, maxInFlight, assert } = pipeline;
  return {
    file,
    jobs: jobs.map(({ job }) => job),
    resources: resources.map(({ resource }) => resource),
    ...defined({ maxInFlight }),
    vars,
    ...(Object.keys(varSources).length === 0 ? {} : { varSources }),
    ...defined({ assert }),
  };
}

const paramName = /^(?!__proto__$)[A-Za-z_][\w-]{0,63}$/;

/** What the file says itself, and what follows from the rest of it. */
function makeConfig(pipeline: ParsedPipeline, givable: readonly string[]): JsonObject {
  const { config, jobs } = pipeline;
  const asked = givable.filter((name) => paramName.test(name));
  const given = config["params"];
  const isOwn = typeof given === "object" && given !== null && !Array.isArray(given);
  const params = { ...Object.fromEntries(asked.map((name) => [name, { type: "any" }])), ...(isOwn ? given : {}) };
  const retention = makeRetention(pipeline);
  const resources = makeResources(pipeline);
  return {
    ...(config as JsonObject),
    ...(given !== undefined && !isOwn ? {} : Object.keys(params).length === 0 ? {} : { params: params as JsonObject }),
    jobs: jobs.map(({ job }) => ({
      name: job.name,
      needs: job.needs,
      follows: listSteps(job).flatMap((step) =>
        step.type === "get" && step.trigger && step.passed.length > 0 ? [step.passed] : [],
      ),
    })),
    ...(resources.length === 0 ? {} : { resources }),
    ...(Object.keys(retention).length === 0 ? {} : { retention }),
  };
}

/** Which jobs begin on a new version of it, and with which. */
function makeResources({ jobs, resources }: ParsedPipeline): readonly JsonValue[] {
  return resources.map(({ resource, checkEvery }) => ({
    name: resource.name,
    type: resource.type,
    source: resource.source,
    checkEvery,
    ...(resource.version === undefined ? {} : { version: resource.version }),
    triggers: jobs.flatMap(({ job }) =>
      listSteps(job).flatMap((step) =>
        // Those behind other jobs follow them in the same run, and what is pinned has no news.
        step.type === "get" &&
        step.resource === resource.name &&
        step.trigger &&
        step.passed.length === 0 &&
        typeof step.version === "string"
          ? [{ job: job.name, mode: step.version }]
          : [],
      ),
    ),
  }));
}

/** A run is of all jobs: it is kept as long as any of them says. */
function makeRetention({ jobs }: ParsedPipeline): JsonObject {
  const said = jobs.flatMap(({ retention }) => retention ?? []);
  const most = (key: "runs" | "days" | "minSucceeded"): JsonObject => {
    const values = said.flatMap((each) => each[key] ?? []);
    return values.length === 0 ? {} : { [key]: Math.max(...values) };
  };
  return { ...most("runs"), ...most("days"), ...most("minSucceeded") };
}

/** A problem of what an alias stands for is told once, however often it is used. */
function placeAll(problems: readonly FieldProblem[], places: YamlPlaces): readonly PlacedProblem[] {
  const seen = new Set<string>();
  return problems.flatMap(({ field, message, hint }) => {
    const place = places.locate(field);
    const key = `${place.join(":")} ${message.slice(field.length)}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ place, message, hint }];
  });
}

/** Those that are listed, and how many are not. */
function listFirst(problems: readonly PlacedProblem[]): readonly PlacedProblem[] {
  const next = problems[maxProblems];
  if (next === undefined) return problems;
  const message = `more problems from here on: ${problems.length - maxProblems}`;
  return [...problems.slice(0, maxProblems), { place: next.place, message, hint: null }];
}

function sortByPlace(problems: readonly PlacedProblem[]): readonly PlacedProblem[] {
  return problems.toSorted((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1]);
}
