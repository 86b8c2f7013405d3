// A run as it is created, with what is the usual for whatever its creator does not say.

import type { NewRun } from "../store/store.ts";

type Required = "id" | "pipeline" | "trigger" | "bundleHash" | "params" | "createdAt";

export function newRun(run: Pick<NewRun, Required> & Partial<NewRun>): NewRun {
  return {
    args: [],
    targetJobs: [],
    begunFor: [],
    inboundId: null,
    rerunOf: null,
    triggeredBy: run.trigger,
    parent: null,
    after: null,
    depth: 0,
    priority: 0,
    concurrencyKey: null,
    scheduledAt: null,
    seed: run.id,
    scriptRunId: run.id,
    ...run,
  };
}
