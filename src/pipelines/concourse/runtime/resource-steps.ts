// The steps `get` and `put`: which version of a resource, and what its type makes of it.

import type { GetPlan, JsonObject, Place, PutPlan, ResourcePlan, StepPlan, Version } from "../plan.ts";
import type { Filled } from "../var-text.ts";
import { NotPassed, type Outcome, PlanError, succeeded } from "./outcome.ts";
import { listSteps } from "../list-steps.ts";
import { takenByPut } from "./count-takers.ts";
import type { JobContext } from "./job-context.ts";
import { resourceScope } from "../resource-scope.ts";
import type { ResourceContext } from "./resources/resource-type.ts";
import { resourceTypes } from "./resources/resource-types.ts";
import type { Scope } from "./scope.ts";
import { script, type Folder } from "./script-globals.ts";
import { stepBounds } from "./step-bounds.ts";
import { stepEnv } from "./step-env.ts";
import { takeArtifact } from "./take-artifact.ts";

type Get = GetPlan & StepPlan;
type Put = PutPlan & StepPlan;

export async function getResource(step: Get, scope: Scope): Promise<Outcome> {
  const { name, at } = step;
  scope.job.executed.push(name);
  const resource = findResource(step.resource, scope, at);
  const version = await chooseVersion(step, resource, scope);
  await fetchVersion({ name, resource, version, params: step.params, at }, scope);
  return succeeded;
}

export async function putResource(step: Put, scope: Scope): Promise<Outcome> {
  const { name, at, params = {}, getParams, noGet } = step;
  scope.job.executed.push(name);
  const resource = findResource(step.resource, scope, at);
  const filled = fillParams(params, scope, at);
  const inputs = await takeInputs(step, filled, scope);
  const context = openContext(resource, `put ${name}`, scope, at);
  const { version } = await resourceTypes[resource.type].put(context, filled, inputs);
  await script.resources.found(resource.name, [version], { scope: resourceScope(resource) });
  if (noGet) use(scope, resource, version);
  else await fetchVersion({ name, resource, version, params: getParams, at }, scope);
  return succeeded;
}

interface Fetched {
  readonly name: string;
  readonly resource: ResourcePlan;
  readonly version: Version;
  readonly params: JsonObject | undefined;
  readonly at: Place;
}

async function fetchVersion({ name, resource, version, params = {}, at }: Fetched, scope: Scope): Promise<void> {
  const context = openContext(resource, `get ${name}`, scope, at);
  const folder = await script.volumes.create();
  await resourceTypes[resource.type].get(context, version, fillParams(params, scope, at), folder);
  scope.artifacts.put(name, folder);
  use(scope, resource, version);
}

function use({ job }: Scope, resource: ResourcePlan, version: Version): void {
  job.used.push({ resource: resource.name, scope: resourceScope(resource), version });
}

/** @throws {PlanError} where there is none. */
async function chooseVersion({ version, passed, at }: Get, resource: ResourcePlan, scope: Scope): Promise<Version> {
  const wanted = typeof version === "string" ? (resource.version ?? version) : version;
  if (typeof wanted === "string") return await findVersion({ version: wanted, passed, at }, resource, scope);
  const { vars } = scope.job;
  const parts = Object.entries(wanted);
  return Object.fromEntries(parts.map(([key, part]) => [key, vars.fillText(part, scope, at, `version.${key}`)]));
}

interface Wanted {
  readonly version: "latest" | "every";
  readonly passed: readonly string[];
  readonly at: Place;
}

async function findVersion({ version, passed, at }: Wanted, resource: ResourcePlan, scope: Scope): Promise<Version> {
  const { job } = scope;
  const { name } = resource;
  // What the jobs before it in this run had is what has passed them; one that was skipped had none, and is not asked.
  const had = passed.flatMap((each) => {
    const versions = (job.earlier.get(each) ?? []).flatMap((used) => (used.resource === name ? [used.version] : []));
    return versions.length === 0 ? [] : [{ each, versions }];
  });
  const outside = passed.filter((each) => !job.earlier.has(each));
  const common = findCommon(had.map(({ versions }) => versions));
  if (common !== undefined && outside.length === 0) return common;
  const asked = [...had.map(({ each }) => each), ...outside];
  if (asked.length > 0) {
    const scopeOf = resourceScope(resource);
    const chosen = await script.resources.choose({
      resource: name,
      scope: scopeOf,
      job: job.name,
      version,
      passed: asked,
    });
    // One from before this run would be new to nobody.
    if (chosen !== null && (had.length === 0 || (common !== undefined && isSame(chosen, common)))) return chosen;
    throw new NotPassed(`get ${name}: no version of it has passed ${asked.join(" and ")} yet`, at);
  }
  const key = `${name} ${version === "every" ? job.name : ""}`;
  const of = { scope: resourceScope(resource) };
  const shared = await job.versions.find(key, async () => {
    const context = openContext(resource, `check ${name}`, scope, at);
    // Scripts know no time zones: a run takes the time that began it, and only where there is none that it is now.
    const known = resource.type === "time" ? await choose() : null;
    if (known !== null) return known;
    // All since then, as they are found outside of runs: others may wait for each of them.
    const from = await script.resources.newest(name, of);
    await script.resources.found(name, await resourceTypes[resource.type].check(context, from), { ...of, from });
    const chosen = await choose();
    if (chosen !== null) return chosen;
    throw new PlanError(`get ${name}: there is no version of it yet`, at);

    async function choose(): Promise<Version | null> {
      job.versions.tell(key, [job.name]);
      return await script.resources.choose({
        ...of,
        resource: name,
        job: job.name,
        version,
        passed: [],
      });
    }
  });
  const takers = version === "every" ? [job.name] : [job.name, ...listTakers(job, name)];
  const jobs = job.versions.tell(key, takers);
  if (jobs.length > 0) await script.resources.take(name, shared, { ...of, jobs });
  return shared;
}

/** The jobs that will get it in this run too, without waiting for others: no run is to be begun of them for this version. */
function listTakers({ plan }: JobContext, resource: string): readonly string[] {
  const takes = (step: StepPlan): boolean =>
    step.type === "get" && step.resource === resource && step.passed.length === 0 && step.version === "latest";
  const jobs = plan.jobs.filter((each) => each.needs.length === 0 && each.webhookTrigger === undefined);
  return jobs.filter((each) => listSteps(each).some(takes)).map((each) => each.name);
}

/** The last one that is in each of the lists. */
function findCommon([first = [], ...others]: readonly (readonly Version[])[]): Version | undefined {
  return first.findLast((version) => others.every((list) => list.some((other) => isSame(version, other))));
}

function isSame(a: Version, b: Version): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function openContext(resource: ResourcePlan, what: string, scope: Scope, at: Place): ResourceContext {
  return {
    source: fillParams(resource.source, scope, at),
    now: () => Date.now(),
    run: async ({ env = {}, ...options }) =>
      await script.runtime.run({
        ...options,
        env: stepEnv(env),
        name: scope.stepName(what),
        job: scope.job.name,
        ...stepBounds(scope, what, at),
      }),
  };
}

function fillParams(values: JsonObject, scope: Scope, at: Place): Readonly<Record<string, Filled>> {
  return scope.job.vars.fill(values, scope, at) as Readonly<Record<string, Filled>>;
}

function findResource(name: string, { job }: Scope, at: Place): ResourcePlan {
  const found = job.plan.resources.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new PlanError(`there is no resource ${JSON.stringify(name)}`, at);
}

async function takeInputs(
  step: Put,
  params: Readonly<Record<string, Filled>>,
  scope: Scope,
): Promise<Readonly<Record<string, Folder>>> {
  const { artifacts } = scope;
  const { inputs } = step;
  const listed = typeof inputs === "string" ? [inputs] : inputs;
  const expand = (name: string): readonly string[] => (name === "detect" ? detect(params, artifacts.names) : [name]);
  const named = new Set(inputs === "all" ? artifacts.names : listed.flatMap(expand));
  if (takenByPut(step) === null) artifacts.takers.close([...named]);
  const taken: (readonly [name: string, folder: Folder])[] = [];
  for (const name of named) {
    const folder = await takeArtifact(name, scope);
    if (folder !== undefined) taken.push([name, folder]);
  }
  return Object.fromEntries(taken);
}

/** Artifacts that a text of the params begins with. */
function detect(params: Readonly<Record<string, Filled>>, names: readonly string[]): readonly string[] {
  const texts: string[] = [];
  JSON.stringify(params, (_, value: unknown) => {
    if (typeof value === "string") texts.push(value.replace(/^\.\//, "").split("/")[0] ?? "");
    return value;
  });
  return names.filter((name) => texts.includes(name));
}
