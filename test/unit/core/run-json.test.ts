// A run as JSON, for the API and for every --json.

import { expect, test } from "bun:test";
import type { Run } from "../../../src/core/run.ts";
import { runToJson } from "../../../src/core/run-json.ts";

const run: Run = {
  id: "r",
  pipeline: "home/backup",
  trigger: "manual",
  status: "failed",
  createdAt: 0,
  startedAt: 1_700_000_000_000,
  finishedAt: null,
  result: { keptAsItIs: [1] },
  rerunOf: null,
  triggeredBy: "manual",
  parent: { runId: "p", number: 4 },
  after: "before",
  scheduledAt: null,
  wakeAt: null,
  error: { code: "SCRIPT_ERROR", message: "no", hint: null, file: "home/backup.ts", line: 3 },
  steps: [
    {
      id: "r.1",
      name: "tar",
      kind: "process",
      status: "succeeded",
      code: 0,
      attempts: 1,
      startedAt: 1_700_000_000_001,
      finishedAt: 1_700_000_000_002,
      message: null,
      until: 1_700_000_000_009,
      runId: null,
      job: "build",
    },
  ],
  jobs: [
    {
      name: "build",
      status: "failed",
      needs: ["fetch"],
      message: "no",
      startedAt: 1_700_000_000_001,
      finishedAt: null,
    },
  ],
  artifacts: [{ name: "report.html", bytes: 12, createdAt: 1_700_000_000_003 }],
};

test("has the names and the times of the API", () => {
  expect(runToJson(run)).toEqual({
    id: "r",
    pipeline: "home/backup",
    trigger: "manual",
    status: "failed",
    created_at: "1970-01-01T00:00:00.000Z",
    started_at: "2023-11-14T22:13:20.000Z",
    finished_at: null,
    result: { keptAsItIs: [1] },
    rerun_of: null,
    triggered_by: "manual",
    parent: { run_id: "p", step_id: "p.4" },
    after: "before",
    scheduled_at: null,
    wake_at: null,
    error: { code: "SCRIPT_ERROR", message: "no", hint: null, file: "home/backup.ts", line: 3 },
    steps: [
      {
        id: "r.1",
        name: "tar",
        kind: "process",
        status: "succeeded",
        code: 0,
        attempts: 1,
        started_at: "2023-11-14T22:13:20.001Z",
        finished_at: "2023-11-14T22:13:20.002Z",
        message: null,
        until: "2023-11-14T22:13:20.009Z",
        run_id: null,
        job: "build",
      },
    ],
    jobs: [
      {
        name: "build",
        status: "failed",
        needs: ["fetch"],
        steps: ["r.1"],
        message: "no",
        started_at: "2023-11-14T22:13:20.001Z",
        finished_at: null,
      },
    ],
    artifacts: [{ name: "report.html", bytes: 12, created_at: "2023-11-14T22:13:20.003Z" }],
  });
});

test("has no field that the store may have added", () => {
  const more = { ...run, bundleHash: "x", steps: [] } as Run;
  expect(Object.keys(runToJson(more))).not.toContain("bundleHash");
});
