// The jobs that a run is for: those that are named, and all that come after them.

import { AppError } from "../core/app-error.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import type { JobConfig, PipelineConfig } from "../core/pipeline-config.ts";

const shownJobs = 20;

/**
 * In the order of the pipeline's jobs; empty where none is named: all of them.
 * @throws {AppError} JOB_NOT_FOUND; VALIDATION_FAILED for a pipeline that has no jobs.
 */
export function expandJobs(
  pipeline: string,
  { jobs = [] }: Pick<PipelineConfig, "jobs">,
  named: readonly string[],
): readonly string[] {
  if (named.length === 0) return [];
  checkJobs(pipeline, jobs, named);
  const chosen = new Set(named);
  // A job that joins may be needed by one that stands before it.
  for (let before = 0; before < chosen.size;) {
    before = chosen.size;
    for (const { name, needs } of jobs) if (needs.some((need) => chosen.has(need))) chosen.add(name);
  }
  return jobs.flatMap(({ name }) => (chosen.has(name) ? [name] : []));
}

/** Of a run that is repeated: just the same ones. @throws {AppError} as {@link expandJobs}, for one that is gone. */
export function keepJobs(
  pipeline: string,
  { jobs = [] }: Pick<PipelineConfig, "jobs">,
  kept: readonly string[],
): readonly string[] {
  if (kept.length > 0) checkJobs(pipeline, jobs, kept);
  return kept;
}

function checkJobs(pipeline: string, jobs: readonly JobConfig[], named: readonly string[]): void {
  if (jobs.length === 0) {
    throw new AppError("VALIDATION_FAILED", `pipeline ${JSON.stringify(pipeline)} has no jobs to choose from`, {
      hint: "start it without jobs; those of a YAML pipeline, and of a script's config.jobs, can be named",
      details: { field: "jobs" },
    });
  }
  const unknown = named.find((name) => !jobs.some((job) => job.name === name));
  if (unknown !== undefined) throw jobNotFound(pipeline, jobs, unknown);
}

function jobNotFound(pipeline: string, jobs: readonly JobConfig[], name: string): AppError {
  const names = jobs.map((job) => job.name);
  const nearest = didYouMean(name, names);
  const more = names.length > shownJobs ? ", …" : "";
  const hint =
    nearest === undefined
      ? `its jobs are ${names.slice(0, shownJobs).join(", ")}${more}`
      : `did you mean ${JSON.stringify(nearest)}?`;
  const shown = JSON.stringify(name.slice(0, 200));
  return new AppError("JOB_NOT_FOUND", `pipeline ${JSON.stringify(pipeline)} has no job ${shown}`, { hint });
}
