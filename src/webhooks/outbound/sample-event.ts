// Events as they could have happened, for whoever tries a receiver. Each says that it is a sample.

import type { builtInEventTypes, EventData } from "../../core/event.ts";

type BuiltInEventType = (typeof builtInEventTypes)[number];

const runId = "019477a3-5e00-7000-8000-00000000c0de";
const ofRun = { run_id: runId, pipeline: "deploy" };
const run = { ...ofRun, trigger: "webhook", status: "running", rerun_of: null };
const ended = { ...run, duration_ms: 61_520, error: null };
const error = {
  code: "SCRIPT_ERROR",
  message: "AssertionError: the build failed: 2 is not 0",
  hint: null,
  file: "pipelines/deploy.ts",
  line: 12,
};
const step = { ...ofRun, step_id: `${runId}.3`, name: "build", kind: "process", status: "running", attempts: 1 };
const failedStep = { ...step, status: "failed", code: 2, message: null };
const question = { name: "go live", kind: "approval", message: "Deploy 59b20b8 to production?" };
const approval = { ...step, ...question, step_id: `${runId}.4`, status: "waiting" };
const file = { pipeline: "deploy", file: "deploy.ts" };
const validated = { ...file, purpose: "upload" };
const problem = { severity: "error", file: "deploy.ts", line: 3, column: 14, message: 'Expected ";"' };
const time = "2026-02-02T14:45:30.123Z";
const failing = {
  endpoint_id: "ep_019c1f5f2e7b9d3a4c5e6f708192",
  failing_since: time,
  status: 503,
  error: "it answered 503",
};

const samples: Readonly<Record<BuiltInEventType, EventData>> = {
  "run.created": { ...run, status: "queued" },
  "run.started": run,
  "run.paused": {
    ...run,
    status: "waiting",
    wakes_at: null,
    waits_for: [{ step_id: approval.step_id, name: approval.name, kind: approval.kind }],
  },
  "run.resumed": run,
  "run.completed": { ...ended, status: "succeeded" },
  "run.failed": { ...ended, status: "failed", error },
  "run.cancelled": { ...ended, status: "cancelled" },
  "run.skipped": { ...ended, status: "skipped" },
  "run.step.started": step,
  "run.step.completed": { ...step, status: "succeeded", code: 0, message: null, duration_ms: 48_210 },
  "run.step.failed": { ...failedStep, duration_ms: 48_210 },
  "approval.required": { ...approval, expires_at: time },
  "approval.granted": { ...approval, status: "succeeded" },
  "approval.denied": { ...approval, status: "failed" },
  "approval.timeout": { ...approval, status: "timed_out" },
  "error.occurred": failedStep,
  "error.recovered": { ...step, status: "succeeded", attempts: 2 },
  "error.escalated": { ...run, status: "failed", error },
  "error.resolved": { ...run, status: "succeeded", trigger: "rerun", rerun_of: runId, failed_run_id: runId },
  "validation.started": validated,
  "validation.completed": { ...validated, problems: [] },
  "validation.failed": { ...validated, message: "deploy.ts does not load", problems: [problem] },
  "pipeline.loaded": { ...file, bundle_hash: "9f86d081884c7d65" },
  "pipeline.broken": { ...file, in_force: true, problems: [problem] },
  "endpoint.failing": { ...failing, disable_at: "2026-02-07T14:45:30.123Z" },
  "endpoint.disabled": { ...failing, reason: "every attempt has failed for 5 d" },
  "notification.requested": {
    ...ofRun,
    target: "ops",
    title: "Backup",
    message: "The backup of nas is done.",
    level: "info",
    link: null,
  },
};

/** What an event of this type has in `data`; of a type that only scripts announce, that it is a sample of it. */
export function sampleData(type: string): EventData {
  const known = Object.hasOwn(samples, type) ? samples[type as BuiltInEventType] : { message: `a sample of ${type}` };
  return { ...known, sample: true };
}
