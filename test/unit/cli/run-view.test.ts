// A run as it is drawn: jobs with their steps below them, and steps of no job for themselves.

import { expect, test } from "bun:test";
import { formatRun } from "../../../src/cli/run-view.ts";
import type { JobJson, RunJson, StepJson } from "../../../src/core/run-json.ts";

const at = (second: number): string => new Date(second * 1000).toISOString();

const step = (name: string, job: string | null, from: number, to: number): StepJson => ({
  id: `r.${from}`,
  name,
  kind: "process",
  job,
  status: "succeeded",
  code: 0,
  attempts: 1,
  started_at: at(from),
  finished_at: at(to),
  message: null,
  until: null,
  run_id: null,
});

const job = (name: string, needs: readonly string[], from: number | null, to: number): JobJson => ({
  name,
  status: from === null ? "skipped" : "succeeded",
  needs,
  steps: [],
  message: from === null ? "job build failed" : null,
  started_at: from === null ? null : at(from),
  finished_at: at(to),
});

const run: RunJson = {
  id: "r",
  pipeline: "ci",
  trigger: "manual",
  status: "succeeded",
  created_at: at(0),
  started_at: at(0),
  finished_at: at(10),
  result: null,
  rerun_of: null,
  triggered_by: "manual",
  parent: null,
  after: null,
  scheduled_at: null,
  wake_at: null,
  error: null,
  steps: [step("build/compile", "build", 0, 5), step("other", null, 5, 6), step("test/unit", "test", 5, 10)],
  jobs: [job("build", [], 0, 5), job("test", ["build"], 5, 10), job("deploy", ["build", "test"], null, 10)],
  artifacts: [],
};

const plain = { paint: (_: unknown, text: string) => text } as Parameters<typeof formatRun>[1];

test("steps stand below their jobs, which say what they come after, and those of no job for themselves", () => {
  const lines = formatRun(run, plain, 10_000).slice(5);
  expect(lines.map((line) => line.replace(/ *▕.*/, ""))).toEqual([
    "jobs",
    "├─ ✓ build",
    "│  └─ ✓ compile",
    "├─ ✓ test ← build",
    "│  └─ ✓ unit",
    "└─ ○ deploy ← build, test",
    "steps",
    "└─ ✓ other",
  ]);
  expect(lines[5]).toContain("job build failed");
  expect(lines[3]).toContain(`▕${" ".repeat(12)}${"█".repeat(12)}▏`);
});

test("a run without jobs has only its steps", () => {
  const lines = formatRun({ ...run, jobs: [], steps: [step("only", null, 0, 1)] }, plain, 10_000).slice(5);
  expect(lines.map((line) => line.replace(/ *▕.*/, ""))).toEqual(["steps", "└─ ✓ only"]);
});

test("what a step says its job does not say again", () => {
  const failed = { status: "failed", finished_at: at(5) } as const;
  const why = 'the command "mak" was not found';
  const steps: readonly StepJson[] = [{ ...step("build/compile", "build", 0, 5), ...failed, code: null, message: why }];
  const notesOf = (message: string): readonly (string | undefined)[] =>
    formatRun({ ...run, steps, jobs: [{ ...job("build", [], 0, 5), ...failed, message }] }, plain, 10_000)
      .slice(6)
      .map((line) => /failed\s*(.*)$/.exec(line)?.[1]);
  expect(notesOf(`task compile: step "build/compile": ${why}`)).toEqual(["", why]);
  expect(notesOf("get site: there is no version of it yet")).toEqual(["get site: there is no version of it yet", why]);
});
