// The jobs of a run: named parts of it that need each other, as its script tells of them. Their statuses are those of runs.

import { type FinalRunStatus, finalRunStatuses, type Job } from "./run.ts";

/** A job as its script declares it. */
export type DeclaredJob = Pick<Job, "name" | "needs">;

/** Of one run. */
export const maxJobs = 1000;
export const maxJobMessage = 1000;

/** One to 200 characters, none of them a control character. */
export function isJobName(name: unknown): name is string {
  return typeof name === "string" && /^[^\p{Cc}\p{Cs}]{1,200}$/u.test(name);
}

/** What a script may say that became of a job. */
export function isJobEnd(status: unknown): status is FinalRunStatus {
  return finalRunStatuses.some((each) => each === status);
}
