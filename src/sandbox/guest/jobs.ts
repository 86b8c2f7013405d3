// `jobs`: what a script tells of the parts that it is made of. Nothing is waited for, and nothing of it changes the run.

import { didYouMean } from "../../core/did-you-mean.ts";
import { isJobEnd, isJobName, maxJobMessage, maxJobs } from "../../core/job.ts";
import { finalRunStatuses } from "../../core/run.ts";
import { notify } from "./calls.ts";
import { defineGlobal, stringifyJson } from "./host.ts";
import { readOptions, readText } from "./known-options.ts";

type Progress = "declared" | "begun" | "ended";

const known = new Map<string, Progress>();
const example = '[{ name: "test", needs: ["build"] }]';

function declare(given: unknown): void {
  const caller = "jobs.declare";
  if (!Array.isArray(given)) throw new TypeError(`${caller}: takes a list, as ${example}`);
  if (known.size + given.length > maxJobs) {
    throw new TypeError(`${caller}: a run has at most ${maxJobs} jobs, not ${known.size + given.length}`);
  }
  const declared = given.map((each: unknown) => readJob(caller, each));
  for (const { name } of declared) {
    if (known.has(name)) throw new TypeError(`${caller}: there is a job ${stringifyJson(name)} already`);
    known.set(name, "declared");
  }
  for (const need of declared.flatMap(({ needs }) => needs)) checkKnown(caller, need);
  notify("job", caller, { jobs: declared });
}

function readJob(caller: string, given: unknown): { readonly name: string; readonly needs: readonly string[] } {
  const { name, needs = [] } = readOptions(caller, given, ["name", "needs"], example);
  if (!isJobName(name)) {
    throw new TypeError(`${caller}: a job has a name of 1 to 200 characters on one line, as ${example}`);
  }
  if (!Array.isArray(needs) || !needs.every(isJobName)) {
    throw new TypeError(`${caller}: needs of ${stringifyJson(name)} must be a list of names of jobs`);
  }
  return { name, needs };
}

function begin(name: unknown): void {
  const caller = "jobs.begin";
  const job = checkKnown(caller, name);
  if (known.get(job) !== "declared") throw new TypeError(`${caller}: job ${stringifyJson(job)} has begun already`);
  known.set(job, "begun");
  notify("job", caller, { name: job });
}

function end(name: unknown, given: unknown): void {
  const caller = "jobs.end";
  const job = checkKnown(caller, name);
  if (known.get(job) === "ended") throw new TypeError(`${caller}: job ${stringifyJson(job)} has ended already`);
  const options = readOptions(caller, given, ["status", "message"], '{ status: "succeeded" }');
  const { status } = options;
  if (!isJobEnd(status)) {
    const found = stringifyJson(status) ?? typeof status;
    throw new TypeError(`${caller}: status must be one of ${finalRunStatuses.join(", ")}, not ${found}`);
  }
  const message = readText(caller, "message", options.message, Number.POSITIVE_INFINITY)?.slice(0, maxJobMessage);
  known.set(job, "ended");
  notify("job", caller, { name: job, status, message });
}

function checkKnown(caller: string, name: unknown): string {
  if (typeof name === "string" && known.has(name)) return name;
  const shown = typeof name === "string" ? stringifyJson(name.slice(0, 80)) : typeof name;
  const nearest = typeof name === "string" ? didYouMean(name, [...known.keys()]) : undefined;
  const question = nearest === undefined ? "" : `; did you mean ${stringifyJson(nearest)}?`;
  throw new TypeError(`${caller}: no job ${shown} was declared${question}`);
}

/** The option `job` of what becomes a step: the job that it is of. */
export function readJobOption(caller: string, job: unknown): string | undefined {
  if (job === undefined || job === null) return undefined;
  if (isJobName(job)) return job;
  throw new TypeError(`${caller}: job must be the name of a job, as "build"`);
}

export function installJobs(): void {
  defineGlobal("jobs", { declare, begin, end });
}
