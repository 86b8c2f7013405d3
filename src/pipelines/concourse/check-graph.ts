// Whether the parts of a pipeline that name each other are there: jobs in `passed`, resources in gets and puts, groups.

import { listNames } from "../../core/field-problem.ts";
import { listSteps } from "./list-steps.ts";
import type { ParsedJob } from "./parse-job.ts";
import { findMistyped, type ParsedPipeline } from "./parse-pipeline.ts";
import type { JobPlan, ResourceTypeName, StepPlan } from "./plan.ts";
import type { Fields, PlanReader } from "./plan-reader.ts";
import { knownParams } from "./runtime/resources/known-params.ts";

export function checkGraph(reader: PlanReader, pipeline: ParsedPipeline, given: Fields): void {
  const { jobs, resources } = pipeline;
  checkTwice(
    reader,
    "job",
    jobs.map(({ path, job }) => ({ path: `${path}.name`, name: job.name })),
  );
  checkTwice(
    reader,
    "resource",
    resources.map(({ path, resource }) => ({ path: `${path}.name`, name: resource.name })),
  );
  const resourceNames = new Set(resources.map(({ resource }) => resource.name));
  const known = resources.filter(({ isBuiltIn }) => isBuiltIn);
  const types = new Map(known.map(({ resource }) => [resource.name, resource.type]));
  const touched = new Map(jobs.toReversed().map(({ job }) => [job.name, touchedResources(job)]));
  for (const { job } of jobs) {
    for (const step of listSteps(job)) {
      checkResourceStep(reader, step, { resources: resourceNames, touched, given });
      checkParams(reader, step, types);
    }
  }
  checkCycles(reader, jobs);
  const { groups } = given;
  if (groups !== undefined && groups !== null) checkGroups(reader, groups, new Set(touched.keys()), resourceNames);
}

function touchedResources(job: JobPlan): ReadonlySet<string> {
  return new Set(listSteps(job).flatMap((step) => ("resource" in step ? [step.resource] : [])));
}

function checkTwice(
  reader: PlanReader,
  what: string,
  named: readonly { readonly path: string; readonly name: string }[],
): void {
  const seen = new Set<string>();
  for (const { path, name } of named) {
    if (name !== "" && seen.has(name))
      reader.problems.add(
        path,
        `names the ${what} ${JSON.stringify(name)} a second time`,
        "give one of them another name",
      );
    seen.add(name);
  }
}

interface Known {
  readonly resources: ReadonlySet<string>;
  /** Job → the resources that it gets or puts. */
  readonly touched: ReadonlyMap<string, ReadonlySet<string>>;
  /** The top of the file. */
  readonly given: Fields;
}

function checkResourceStep(reader: PlanReader, step: StepPlan, { resources, touched, given: top }: Known): void {
  if (!("resource" in step) || step.resource === "") return;
  const { path, given } = reader.sourceOf(step);
  if (!resources.has(step.resource)) {
    const field = given["resource"] === undefined ? `${path}.${step.type}` : `${path}.resource`;
    refuseAbsent(reader, field, "resource", step.resource, resources, findMistyped(top, "resources") ?? undefined);
  }
  if (step.type !== "get") return;
  for (const [index, name] of step.passed.entries()) {
    const field = `${path}.passed[${index}]`;
    const its = touched.get(name);
    if (name === "") continue;
    if (its === undefined) refuseAbsent(reader, field, "job", name, new Set(touched.keys()));
    else if (!its.has(step.resource)) {
      const hint = `get or put it there, or remove the job from passed`;
      reader.problems.add(
        field,
        `is the job ${JSON.stringify(name)}, which has nothing to do with the resource ${JSON.stringify(step.resource)}`,
        hint,
      );
    }
  }
}

function checkParams(reader: PlanReader, step: StepPlan, types: ReadonlyMap<string, ResourceTypeName>): void {
  const type = "resource" in step ? types.get(step.resource) : undefined;
  if (type === undefined || (step.type !== "get" && step.type !== "put")) return;
  const { problems } = reader;
  const { path } = reader.sourceOf(step);
  const known = knownParams[type];
  const { params = {} } = step;
  problems.refuseUnknown(`${path}.params`, params, known[step.type], []);
  if (step.type === "get") return;
  problems.refuseUnknown(`${path}.get_params`, step.getParams ?? {}, known.get, []);
  if (known.needed !== undefined && !Object.hasOwn(params, known.needed)) {
    problems.add(`${path}.params.${known.needed}`, "is missing", "write params: { repository: artifact }");
  }
}

function refuseAbsent(
  reader: PlanReader,
  field: string,
  what: string,
  name: string,
  known: ReadonlySet<string>,
  none = `the file has no ${what}s`,
): void {
  const near = reader.problems.findMeant(name, known);
  const others = known.size === 0 ? none : `it has: ${listNames(known)}`;
  reader.problems.add(
    field,
    `names the ${what} ${JSON.stringify(name)}, which is not there`,
    near ? `did you mean "${near}"?` : others,
  );
}

/** Each job that is waited for by itself, by whatever way, is told once with that way. */
function checkCycles(reader: PlanReader, jobs: readonly ParsedJob[]): void {
  // Of two with one name the first: the second is a problem of its own.
  const byName = new Map(jobs.toReversed().map((parsed) => [parsed.job.name, parsed]));
  const state = new Map<string, "open" | "done">();
  const way: string[] = [];
  const visit = (name: string): void => {
    const parsed = byName.get(name);
    if (parsed === undefined || state.get(name) === "done") return;
    if (state.get(name) === "open") {
      const cycle = [...way.slice(way.indexOf(name)), name];
      reader.problems.add(
        `${parsed.path}.name`,
        `waits for itself: ${cycle.join(" → ")}`,
        "remove one of them from passed",
      );
      return;
    }
    state.set(name, "open");
    way.push(name);
    parsed.job.needs.forEach(visit);
    way.pop();
    state.set(name, "done");
  };
  for (const { job } of jobs) visit(job.name);
}

function checkGroups(
  reader: PlanReader,
  value: unknown,
  jobs: ReadonlySet<string>,
  resources: ReadonlySet<string>,
): void {
  const hint = "write - { name: all, jobs: [build] }";
  const named = reader.list("groups", value, hint).flatMap((each, index) => {
    const path = `groups[${index}]`;
    const given = reader.fields(path, each, hint);
    if (!given) return [];
    reader.problems.refuseUnknown(path, given, ["name", "jobs", "resources"], []);
    checkMembers(reader, `${path}.jobs`, "job", given, "jobs", jobs);
    checkMembers(reader, `${path}.resources`, "resource", given, "resources", resources);
    return [{ path: `${path}.name`, name: reader.name(`${path}.name`, given["name"]) }];
  });
  checkTwice(reader, "group", named);
}

function checkMembers(
  reader: PlanReader,
  field: string,
  what: string,
  given: Fields,
  key: "jobs" | "resources",
  known: ReadonlySet<string>,
): void {
  if (given[key] === undefined) return;
  for (const [index, name] of reader.texts(field, given[key], `write ${key}: [name]`).entries()) {
    // Concourse takes patterns for jobs: build-*
    if (name !== "" && !/[*?[{]/.test(name) && !known.has(name))
      refuseAbsent(reader, `${field}[${index}]`, what, name, known);
  }
}
