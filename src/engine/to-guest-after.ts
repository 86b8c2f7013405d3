// The end of the run that another one began with, as its script sees it.

import type { PrecedingRun } from "../core/run.ts";
import type { GuestPrecedingRun } from "../sandbox/sandbox.ts";

export function toGuestAfter({
  runId: runID,
  pipeline: pipelineID,
  status,
  result,
  error,
}: PrecedingRun): GuestPrecedingRun {
  return { runID, pipelineID, status, result, error: error && { code: error.code, message: error.message } };
}
