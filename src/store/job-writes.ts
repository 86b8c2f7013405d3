// What can be written of the jobs of runs. Times are milliseconds since the Unix epoch.

import type { DeclaredJob } from "../core/job.ts";
import type { FinalRunStatus } from "../core/run.ts";

export type JobWrite =
  /** They come after those that the run has; one that it has already stays as it is. */
  | { readonly type: "job.declare"; readonly runId: string; readonly jobs: readonly DeclaredJob[] }
  | { readonly type: "job.begin"; readonly runId: string; readonly name: string; readonly at: number }
  | {
      readonly type: "job.end";
      readonly runId: string;
      readonly name: string;
      readonly status: FinalRunStatus;
      readonly message: string | null;
      readonly at: number;
    };
