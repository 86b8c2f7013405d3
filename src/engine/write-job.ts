// What a script tells of its jobs, as what is written: the same where a rerun takes over what was told before.

import type { DeclaredJob } from "../core/job.ts";
import type { FinalRunStatus } from "../core/run.ts";
import type { GuestCall } from "../sandbox/sandbox.ts";
import type { JobWrite } from "../store/store.ts";

type JobCall = Pick<GuestCall, "name" | "args">;

/** The arguments of its calls, as the guest makes them. */
interface JobArguments {
  /** Of `jobs.declare`. */
  readonly jobs: readonly DeclaredJob[];
  readonly name: string;
  /** Of `jobs.end`. */
  readonly status: FinalRunStatus;
  readonly message?: string;
}

export function writeJob({ name: verb, args }: JobCall, runId: string, at: number): JobWrite {
  const { jobs, name, status, message = null } = args as unknown as JobArguments;
  if (verb === "jobs.declare") return { type: "job.declare", runId, jobs };
  if (verb === "jobs.begin") return { type: "job.begin", runId, name, at };
  return { type: "job.end", runId, name, status, message, at };
}
