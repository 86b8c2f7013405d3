// What a compiled pipeline carries at its end: bundled to text, which defines the function `runPlan`.

import type { JobPlan, Plan } from "../plan.ts";
import { checkExecution } from "./asserts.ts";
import { InTurn } from "./in-turn.ts";
import type { UsedVersion } from "./job-context.ts";
import { type JobResult, runJob } from "./run-job.ts";
import { RunLocks, type RunState } from "./run-locks.ts";
import { RunVars } from "./run-vars.ts";
import { RunVersions } from "./run-versions.ts";
import { script } from "./script-globals.ts";

const maxShown = 200;

/** Executes the jobs of a plan, each once those that it needs are over. @throws what the first job that failed says. */
export async function runPlan(plan: Plan): Promise<void> {
  const jobs = chooseJobs(plan);
  script.jobs.declare(jobs.map(({ name, needs }) => ({ name, needs })));
  const vars = await RunVars.load(plan);
  const state: RunState = { end: null };
  const setting = { plan: { ...plan, jobs }, vars, versions: new RunVersions(), locks: new RunLocks(state), state };
  const turns = new InTurn(plan.maxInFlight ?? jobs.length);
  const executed: string[] = [];
  const results = new Map<string, JobResult>();
  const begun = new Map<string, Promise<JobResult>>();
  const begin = (job: JobPlan): Promise<JobResult> => {
    const known = begun.get(job.name);
    if (known !== undefined) return known;
    const over = execute(job);
    begun.set(job.name, over);
    return over;
  };
  const execute = async (job: JobPlan): Promise<JobResult> => {
    const needed = jobs.filter(({ name }) => job.needs.includes(name));
    const ends = await Promise.all(needed.map(async (each) => [each.name, await begin(each)] as const));
    const result = skipReason(job, ends) ?? (await turns.run(async () => await run(job, ends)));
    results.set(job.name, result);
    return result;
  };
  const run = async (job: JobPlan, ends: readonly (readonly [string, JobResult])[]): Promise<JobResult> => {
    if (state.end !== null) return skip(job, "the run was asked to end before", true);
    executed.push(job.name);
    const result = await runJob(job, { ...setting, earlier: usedBy(ends) });
    if (result.status === "skipped") executed.splice(executed.indexOf(job.name), 1);
    return result;
  };
  await Promise.all(jobs.map(async (job) => await begin(job)));
  finish(plan, jobs, results, executed);
}

/** Those that the run is for, with what they need among them. */
function chooseJobs({ jobs }: Plan): readonly JobPlan[] {
  const targets = script.pipelineContext.targetJobs ?? [];
  const chosen = targets.length === 0 ? jobs : jobs.filter(({ name }) => targets.includes(name));
  const names = new Set(chosen.map(({ name }) => name));
  return chosen.map((job) => ({ ...job, needs: job.needs.filter((need) => names.has(need)) }));
}

/** A job that is skipped by its own condition holds up nobody; one that had to be skipped does. */
function skipReason(job: JobPlan, ends: readonly (readonly [string, JobResult])[]): JobResult | null {
  const blocking = ends.find(
    ([, { status, isBlocked }]) => isBlocked === true || !["succeeded", "skipped"].includes(status),
  );
  if (blocking !== undefined) {
    const [need, { status }] = blocking;
    return skip(job, `job ${need} ${status === "skipped" ? "was skipped" : status}`, true);
  }
  const { webhookTrigger } = job;
  return webhookTrigger === undefined || script.webhookTrigger(webhookTrigger)
    ? null
    : skip(job, `its webhook_trigger does not hold: ${shorten(webhookTrigger)}`, false);
}

function shorten(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

function skip({ name }: JobPlan, message: string, isBlocked: boolean): JobResult {
  script.jobs.end(name, { status: "skipped", message });
  return { status: "skipped", message, isBlocked, used: [] };
}

function usedBy(ends: readonly (readonly [string, JobResult])[]): ReadonlyMap<string, readonly UsedVersion[]> {
  return new Map(ends.map(([name, { used }]) => [name, used]));
}

/** @throws what is to be said of the run, where not all is well. */
function finish(
  plan: Plan,
  jobs: readonly JobPlan[],
  results: ReadonlyMap<string, JobResult>,
  executed: readonly string[],
): void {
  const unhappy = jobs.flatMap((job) => {
    const result = results.get(job.name);
    return result === undefined || ["succeeded", "skipped"].includes(result.status) ? [] : [{ job, result }];
  });
  const refuted = unhappy.find(({ result }) => result.isRefuted === true);
  if (refuted === undefined && plan.assert !== undefined) {
    checkExecution(plan.assert, "the pipeline", executed, (message, [line]) => {
      throw errorAt(plan, "ASSERTION_FAILED", message, line);
    });
  }
  const [first] = refuted === undefined ? unhappy : [refuted];
  if (first === undefined) return;
  const { job, result } = first;
  const { message = result.status, at = job.at, hint } = result;
  if (refuted !== undefined) throw errorAt(plan, "ASSERTION_FAILED", message, at[0]);
  const others = unhappy.slice(1).map((each) => each.job.name);
  const more = others.length === 0 ? "" : `; also ${others.join(", ")}`;
  throw errorAt(plan, "JOB_FAILED", `job ${job.name} failed: ${message}${more}`, at[0], hint);
}

function errorAt({ file }: Plan, code: string, message: string, line: number, hint?: string): Error {
  return Object.assign(new Error(message), { code, position: { file, line } }, hint === undefined ? {} : { hint });
}
