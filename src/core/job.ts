// The jobs of a run: named parts of it that need each other, as its script tells of them.

/** Of one that has not begun, that executes, whose steps all wait, and of how it ended. */
export const jobStatuses = [
  "queued",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "cancelled",
  "timed_out",
  "skipped",
] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** What a script may say that became of a job. */
export const jobEnds = [
  "succeeded",
  "failed",
  "cancelled",
  "timed_out",
  "skipped",
] as const satisfies readonly JobStatus[];
export type JobEnd = (typeof jobEnds)[number];

/** One job of a run. Times are milliseconds since the Unix epoch. */
export interface Job {
  readonly name: string;
  readonly status: JobStatus;
  /** Names of the jobs that come before it. */
  readonly needs: readonly string[];
  /** Why it ended as it did, for people. */
  readonly message: string | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** A job as its script declares it. */
export type DeclaredJob = Pick<Job, "name" | "needs">;

/** Of one run. */
export const maxJobs = 1000;
export const maxJobMessage = 1000;

/** One to 200 characters, none of them a control character. */
export function isJobName(name: unknown): name is string {
  return typeof name === "string" && /^[^\p{Cc}\p{Cs}]{1,200}$/u.test(name);
}

export function isJobEnd(status: unknown): status is JobEnd {
  return jobEnds.some((each) => each === status);
}
