// One run, one entry and one pipeline that the examples tell of, made by the code that makes the answers.

import type { JsonValue } from "../../core/json.ts";
import type { KeptRequest } from "../../engine/engine.ts";
import type { JournalRecord } from "../../core/journal-record.ts";
import type { EventRecord } from "../../core/event.ts";
import { eventToJson } from "../../core/event-json.ts";
import type { LogEntry } from "../../core/log-entry.ts";
import type { Run } from "../../core/run.ts";
import { runToJson } from "../../core/run-json.ts";
import { eventFormats } from "../event-format.ts";
import { createNdjsonFormat, createSseFormat, createTextFormat, type LogFormat } from "../log-format.ts";
import { pipelineToJson } from "../pipeline-json.ts";
import { redeliveryToJson, requestToJson, wholeRequestToJson } from "../request-json.ts";
import { resourceToJson } from "../resource-json.ts";
import { scheduleToJson } from "../schedule-json.ts";
import { secretToJson } from "../secret-json.ts";

const startedAt = Date.UTC(2026, 0, 31, 3, 0, 0, 5);

const run: Run = {
  id: "019c11a5-5a05-7000-8c3e-2f6f3f8d5a01",
  pipeline: "home/backup",
  trigger: "manual",
  status: "succeeded",
  createdAt: startedAt - 5,
  startedAt,
  finishedAt: startedAt + 1512,
  result: { files: 42 },
  rerunOf: null,
  triggeredBy: "manual",
  parent: null,
  after: null,
  scheduledAt: null,
  wakeAt: null,
  error: null,
  steps: [
    {
      id: "019c11a5-5a05-7000-8c3e-2f6f3f8d5a01.1",
      name: "tar",
      kind: "process",
      status: "succeeded",
      code: 0,
      attempts: 1,
      startedAt: startedAt + 4,
      finishedAt: startedAt + 1508,
      message: null,
      until: null,
      runId: null,
      job: null,
    },
  ],
  jobs: [],
  artifacts: [{ name: "files.txt", bytes: 1337, createdAt: startedAt + 1510 }],
};

const step = run.steps[0];

const entries: readonly LogEntry[] = [
  { seq: 1, at: startedAt + 3, source: "console", level: "info", stepId: null, stepName: null, text: "to nas" },
  {
    seq: 2,
    at: startedAt + 700,
    source: "stdout",
    level: "info",
    stepId: step?.id ?? null,
    stepName: step?.name ?? null,
    text: "42 files\n",
  },
];

export const runId = run.id;
export const pipelineId = run.pipeline;
export const runExample = asJson(runToJson(run));

const schedule = {
  cron: "0 3 * * *",
  timezone: "Europe/Berlin",
  jitterMs: 0,
  catchUp: "last",
  overlap: false,
  params: { target: "nas" },
} as const;

export const scheduleExample = asJson(
  scheduleToJson({
    pipeline: run.pipeline,
    config: schedule,
    timezone: schedule.timezone,
    next: [Date.UTC(2026, 1, 1, 2), Date.UTC(2026, 1, 2, 2)],
    lastTick: Date.UTC(2026, 0, 31, 2),
    lastRun: run.id,
    paused: false,
  }),
);

export const resourceExample = asJson(
  resourceToJson({
    pipeline: run.pipeline,
    name: "repo",
    type: "git",
    checkEveryMs: 60_000,
    lastCheck: { at: Date.UTC(2026, 0, 31, 2), error: null },
    nextCheckAt: Date.UTC(2026, 0, 31, 2, 1),
    paused: false,
    versions: [
      {
        seq: 1,
        version: { ref: "9fceb02d0ae598e95dc970b74767f19372d61af8" },
        foundAt: Date.UTC(2026, 0, 31, 2),
        passed: [{ job: "build", runId: run.id }],
      },
    ],
  }),
);

export const secretExample = asJson(
  secretToJson({ name: "API_KEY", pipeline: null, updatedAt: Date.UTC(2026, 0, 31, 2) }),
);

const request: KeptRequest = {
  id: "019c11a5-5a00-7000-9d1b-70c84ad0b8e2",
  pipeline: run.pipeline,
  receivedAt: startedAt - 9,
  verdict: "refused",
  verified: false,
  reason: "signature_mismatch",
  runId: null,
  redeliveryOf: null,
  deliveryId: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
  deliveryKey: null,
  sameBodyAs: null,
  request: {
    provider: "github",
    eventType: "push",
    method: "POST",
    url: `/api/webhooks/${run.pipeline}`,
    headers: { "x-github-event": "push", "x-hub-signature-256": "sha256=9f86d081884c7d65" },
    query: {},
    body: new TextEncoder().encode('{"ref":"refs/heads/main"}'),
  },
  address: "203.0.113.7",
  bodyBytes: 25,
  isCut: false,
  answer: { status: 401, code: "SIGNATURE_INVALID", durationMs: 0.4 },
};

export const requestId = request.id;
export const requestExample = asJson(requestToJson(request));
export const wholeRequestExample = asJson(wholeRequestToJson(request));
export const redeliveryExample = asJson(
  redeliveryToJson({
    requestId: request.id,
    answer: { type: "response", runId: run.id, status: 200, headers: {}, body: "ok" },
  }),
);

const pipeline = pipelineToJson(
  {
    pipeline: {
      id: run.pipeline,
      file: `${run.pipeline}.ts`,
      state: "ok",
      version: {
        bundle: { hash: "9f86d081884c7d65", code: "", sourceMap: "" },
        file: `${run.pipeline}.ts`,
        loadedAt: startedAt - 60_000,
        config: {
          webhook: { provider: "github", secret: "env:KEY" },
          params: { target: { type: "string", enum: ["nas", "pi"], default: "nas", required: false } },
          timeoutMs: 1_800_000,
          schedules: [schedule],
          after: [{ pipeline: "home/dump", statuses: ["succeeded"] }],
        },
      },
      problems: [],
    },
    lastRun: run,
    secretFrom: "file",
    paused: false,
  },
  "https://runner.example.com",
);

export const pipelineExample = asJson(pipeline);
export const pausedExample = asJson({ ...pipeline, paused: true });
export const uploadedExample = asJson({
  ...pipeline,
  change: "updated",
  warnings: [],
  webhook: pipeline.config?.webhook ?? null,
});

export const journalExample: readonly JournalRecord[] = [
  {
    type: "run",
    run,
    params: { target: "nas" },
    args: [],
    targetJobs: [],
    request: null,
    seed: run.id,
    scriptRunId: run.id,
    after: null,
    cancel: null,
    format: 1,
    memoryBytes: null,
    bundleHash: "9f86d081884c7d65",
    bundle: null,
  },
  { type: "observed", afterSeq: 0, values: { clockReads: 1, clockChanges: [[1, startedAt + 2]], random: [] } },
  {
    type: "call",
    number: 1,
    kind: "step",
    name: "tar",
    args: { command: "tar -cf /mnt/nas/files.tar /home", env: {}, output: false },
    argsHash: "vYb2…",
    startedAt: startedAt + 3,
    afterSeq: 0,
    outcome: { ok: true, value: { code: 0, stdout: "42 files\n", stderr: "", status: "complete" } },
  },
  { type: "delivery", seq: 1, what: "result", call: 1 },
  { type: "end" },
];

/** The log of the run in each form; `whole` as its starter gets it. */
export function logExample(form: LogFormat["name"], whole: boolean): string {
  const format = { text: createTextFormat, ndjson: createNdjsonFormat, sse: createSseFormat }[form]();
  const begin = whole ? format.begin(run.id) : "";
  const end = whole || form === "sse" ? format.end(run) : "";
  return begin + entries.map((entry) => format.encode(entry)).join("") + end;
}

const event: EventRecord = {
  seq: 7,
  id: "evt_019c11a55fed8b1f6c0e5d2a7f93",
  type: "run.completed",
  createdAt: startedAt + 1512,
  runId: run.id,
  pipeline: run.pipeline,
  sequence: 5,
  target: null,
  data: {
    run_id: run.id,
    pipeline: run.pipeline,
    trigger: run.trigger,
    status: run.status,
    rerun_of: null,
    duration_ms: 1517,
    error: null,
  },
};
const eventJson = eventToJson(event, { environment: "production" });

export const eventId = event.id;
export const eventExample = asJson(eventJson);

export function eventStreamExample(form: keyof typeof eventFormats): string {
  return eventFormats[form].encode(eventJson);
}

/** An interface's value has no index signature, though it is JSON. */
function asJson(value: unknown): JsonValue {
  return value as JsonValue;
}
