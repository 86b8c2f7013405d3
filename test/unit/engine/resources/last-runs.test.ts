// Whether the run that was begun last for a job is still queued.

import { expect, test } from "bun:test";
import type { RunStatus } from "../../../../src/core/run.ts";
import { LastRuns } from "../../../../src/engine/resources/last-runs.ts";
import { newRun } from "../../../../src/engine/new-run.ts";
import type { BegunVersion, KeptRun, NewRun } from "../../../../src/store/store.ts";

const given = { trigger: "schedule", bundleHash: "h", params: {}, createdAt: 5 } as const;
const of = (...jobs: readonly string[]): BegunVersion => ({
  resource: "r",
  scope: "s",
  jobs,
  mode: "latest",
  version: { ref: "a" },
  seq: 1,
});

/** Of an earlier life. */
function recall(...runs: readonly (readonly [status: RunStatus, changes: Partial<NewRun>])[]): LastRuns {
  const kept = runs.map(([status, changes], index) => {
    const run = newRun({ id: `run-${index}`, pipeline: "ci", ...given, ...changes });
    return { run, status } as KeptRun;
  });
  const unfinished = kept.map(({ run, status }) => ({ ...run, status }));
  return new LastRuns({
    findKept: async (id) => kept.find(({ run }) => run.id === id),
    unfinished: async () => unfinished,
  } as ConstructorParameters<typeof LastRuns>[0]);
}

test("what an earlier life has queued is known, for each of the jobs that it was begun for", async () => {
  const last = recall(
    ["queued", { begunFor: [of("unit", "lint"), of("deploy")] }],
    ["running", { begunFor: [of("tell")] }],
    ["queued", { begunFor: [of("other")], pipeline: "cd" }],
    ["queued", {}],
  );
  const isQueued = async (...jobs: readonly string[]): Promise<readonly boolean[]> =>
    await Promise.all(jobs.map(async (job) => await last.isQueued("ci", job)));
  expect(await isQueued("unit", "lint", "deploy", "tell", "other")).toEqual([true, true, true, false, false]);
  last.note("ci", "unit", "run-1");
  expect(await isQueued("unit")).toEqual([false]);
});

test("a queued rerun does not count: it has the versions of its run", async () => {
  const last = recall(["queued", { begunFor: [of("unit")], rerunOf: "before", trigger: "rerun" }]);
  expect(await last.isQueued("ci", "unit")).toBeFalse();
});
