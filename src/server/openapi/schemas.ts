// The shapes of the API's answers as JSON Schema; each list of words is the code's own.

import { errorCodes } from "../../core/app-error.ts";
import { logLevels, logSources } from "../../core/log-entry.ts";
import { catchUpRules, conflictRules, paramTypes } from "../../core/pipeline-config.ts";
import { isFinal, runStatuses, stepKinds, stepStatuses, triggers } from "../../core/run.ts";
import { objectOf, orNull, ref, type Schema } from "./describe.ts";
import { journalRecordSchema } from "./journal-schema.ts";

const text: Schema = { type: "string" };
const textOrNull: Schema = { type: ["string", "null"] };
const count: Schema = { type: "integer", minimum: 0 };
const countOrNull: Schema = { type: ["integer", "null"], minimum: 0 };
const time: Schema = { type: "string", format: "date-time", description: "RFC 3339 in UTC, with milliseconds." };
const timeOrNull: Schema = { type: ["string", "null"], format: "date-time" };

export const runIdSchema: Schema = { type: "string", format: "uuid", description: "UUIDv7: later ones sort later." };
export const pipelineIdSchema: Schema = { type: "string", minLength: 1 };

const codeOfRun: Schema = { type: "string", enum: Object.keys(errorCodes) };

const request = {
  id: runIdSchema,
  pipeline: text,
  received_at: time,
  verdict: { enum: ["accepted", "refused"], description: "refused: began no run." },
  verified: { type: "boolean", description: "Its sender was verified, or had not to be." },
  reason: { ...textOrNull, description: "Why it was refused, as signature_mismatch." },
  run_id: textOrNull,
  redelivery_of: { ...textOrNull, description: "The request that was sent once more." },
  delivery_id: { ...textOrNull, description: "What its sender calls the delivery and its repetitions." },
  same_body_as: { ...textOrNull, description: "The run that the same body began as another delivery." },
  provider: text,
  event_type: text,
  method: text,
  url: text,
  address: {
    ...textOrNull,
    description: "IP address of the sender; `unknown` where a proxy does not say it, null on a unix socket.",
  },
  body_bytes: { ...count, description: "As it was received." },
  answer: {
    ...orNull(objectOf({ status: count, code: textOrNull, duration_ms: { type: "number", minimum: 0 } })),
    description: "code: of the error, where the server answered by itself. null: not known.",
  },
} as const;

const texts: Schema = { type: "object", additionalProperties: text };

const scalar: Schema = { type: ["string", "number", "boolean"] };

const paramSpec: Schema = {
  type: "object",
  required: ["type", "required"],
  properties: {
    type: { enum: paramTypes },
    required: { type: "boolean" },
    default: { description: "Of the type; of any it may be any data." },
    enum: { type: "array", items: scalar },
    description: text,
  },
};

const webhook = {
  path: text,
  url: { ...textOrNull, description: "null where the server was not told its public address." },
  provider: textOrNull,
  algorithm: { enum: ["sha1", null], description: "null: what the provider signs by, but for SHA-1." },
  signed: { type: "boolean" },
  secret_from: { enum: ["file", "upload", null] },
  when: { ...textOrNull, description: "The condition on a request without which it starts no run." },
} as const;

const params: Schema = { type: "object", additionalProperties: { description: "Of the declared type." } };

const scheduleConfig = objectOf({
  cron: text,
  timezone: { ...textOrNull, description: "null: that of the server." },
  jitter_ms: count,
  catch_up: { enum: catchUpRules },
  overlap: { type: "boolean" },
  params,
});

const afterConfig = objectOf({
  pipeline: text,
  statuses: { type: "array", items: { enum: runStatuses.filter(isFinal) } },
});

const jobConfig = objectOf({
  name: text,
  needs: { type: "array", items: text },
  follows: {
    type: "array",
    items: { type: "array", items: text },
    description: "Those of needs whose new versions begin it; each list: those that a version has to pass together.",
  },
});

const pipelineConfig = objectOf({
  webhook: { ...orNull(objectOf(webhook)), description: "null: this pipeline takes no webhooks." },
  params: { type: "object", additionalProperties: paramSpec },
  timeout_ms: countOrNull,
  memory_bytes: countOrNull,
  priority: { type: "integer" },
  concurrency_limit: countOrNull,
  concurrency_key: { ...textOrNull, description: "null: that of the pipeline." },
  on_conflict: { enum: conflictRules },
  schedules: { type: "array", items: scheduleConfig },
  after: { type: "array", items: afterConfig },
  jobs: { type: "array", items: jobConfig },
});

const pipeline = {
  id: text,
  file: text,
  state: { enum: ["ok", "broken"] },
  version: { type: ["string", "null"], description: "Hash of the version in force." },
  loaded_at: timeOrNull,
  config: orNull(pipelineConfig),
  problems: { type: "array", items: ref("FileProblem") },
  paused: { type: "boolean", description: "It starts no runs until it is resumed." },
  last_run: orNull(ref("Run")),
} as const;

export const schemas: Readonly<Record<string, Schema>> = {
  Request: objectOf(request),
  WholeRequest: objectOf({
    ...request,
    headers: texts,
    query: texts,
    body: { ...textOrNull, description: "null where its bytes are no text." },
    body_base64: { ...textOrNull, description: "null where they are." },
    body_truncated: { type: "boolean", description: "Of a refused request only the first 4 KiB are kept." },
  }),
  Run: objectOf(
    {
      id: runIdSchema,
      pipeline: text,
      trigger: { enum: triggers },
      status: { enum: runStatuses },
      created_at: time,
      started_at: timeOrNull,
      finished_at: timeOrNull,
      result: { description: "What the script returned: any JSON." },
      rerun_of: textOrNull,
      triggered_by: { enum: triggers, description: "As trigger; of a rerun that of the first of them." },
      parent: {
        ...orNull(objectOf({ run_id: runIdSchema, step_id: text })),
        description: "The step of another run that started this one.",
      },
      after: { ...textOrNull, description: "The run with whose end this one begins, by config.after." },
      scheduled_at: { ...timeOrNull, description: "The tick of its schedule that it is for." },
      wake_at: { ...timeOrNull, description: "When a waiting run goes on without news." },
      error: orNull(ref("RunError")),
      steps: { type: "array", items: ref("Step") },
      jobs: { type: "array", items: ref("Job"), description: "What its script tells of the parts it is made of." },
      artifacts: { type: "array", items: ref("Artifact") },
    },
    "One execution of one version of a pipeline.",
  ),
  RunError: objectOf(
    { code: codeOfRun, message: text, hint: textOrNull, file: textOrNull, line: countOrNull },
    "Why a run did not succeed; file and line are the author's.",
  ),
  Step: objectOf(
    {
      id: text,
      name: text,
      kind: { enum: stepKinds },
      status: { enum: stepStatuses },
      code: { type: ["integer", "null"], description: "Exit code, or HTTP status of a fetch." },
      attempts: count,
      started_at: timeOrNull,
      finished_at: timeOrNull,
      message: { ...textOrNull, description: "What it waits for, or what became of it." },
      until: { ...timeOrNull, description: "When a waiting step goes on by itself." },
      run_id: { ...textOrNull, description: "The run that it started." },
      job: { ...textOrNull, description: "The job that it is of." },
    },
    "One thing a run asked the host to do and waits for.",
  ),
  Job: objectOf(
    {
      name: text,
      status: { enum: runStatuses },
      needs: { type: "array", items: text },
      steps: { type: "array", items: text, description: "Ids of its steps." },
      message: { ...textOrNull, description: "What became of it." },
      started_at: timeOrNull,
      finished_at: timeOrNull,
    },
    "A named part of a run, as its script tells of it.",
  ),
  Artifact: objectOf({ name: text, bytes: count, created_at: time }, "A file kept with a run."),
  LogEntry: objectOf(
    {
      seq: { type: "integer", minimum: 1, description: "Order within the run; gaps are possible." },
      at: time,
      source: { enum: logSources },
      level: { enum: logLevels },
      step_id: textOrNull,
      step_name: textOrNull,
      text: { type: "string", description: "A line without its newline; of a step's output a raw chunk." },
    },
    "A console line of the script, a chunk of a step's output, or a note of the system.",
  ),
  JournalRecord: journalRecordSchema,
  Event: objectOf(
    {
      id: { ...text, description: "evt_ and 28 hexadecimal digits: later ones sort later." },
      type: text,
      created_at: time,
      data: { type: "object", description: "By the type." },
      metadata: {
        type: "object",
        description: "As configured; of a run's event also run_id, pipeline, and sequence: 1, 2, 3… within the run.",
      },
    },
    "Something that has happened.",
  ),
  Pipeline: objectOf(pipeline, "A script in the pipelines folder, with what it says about itself."),
  UploadedPipeline: objectOf(
    {
      ...pipeline,
      change: { enum: ["created", "updated", "unchanged"] },
      warnings: { type: "array", items: text },
      webhook: orNull(
        objectOf({ ...webhook, url: { ...textOrNull, description: "Without a public address as this request came." } }),
      ),
    },
    "A pipeline after its upload, with what its sender should know.",
  ),
  Schedule: objectOf(
    {
      pipeline: text,
      schedule: { ...text, description: "As written in the pipeline's config." },
      timezone: text,
      params,
      next: { type: "array", items: time, description: "The next times, without jitter; none while it is paused." },
      last: { ...timeOrNull, description: "The last time that had a run, begun or skipped." },
      last_run: { ...textOrNull, description: "The last run that was not skipped." },
      paused: { type: "boolean" },
    },
    "When runs of a pipeline begin by themselves.",
  ),
  Resource: objectOf(
    {
      pipeline: text,
      name: text,
      type: text,
      check_every_ms: { ...countOrNull, description: "null: only when it is asked for." },
      last_check: {
        ...orNull(objectOf({ at: time, error: { ...textOrNull, description: "Why it could not be checked." } })),
        description: "Since the server began.",
      },
      next_check: timeOrNull,
      paused: { type: "boolean" },
      versions: {
        type: "array",
        description: "The newest first, at most 20.",
        items: objectOf({
          version: { type: "object", additionalProperties: text },
          found_at: time,
          passed: { type: "array", items: objectOf({ job: text, run_id: text }), description: "By job." },
        }),
      },
    },
    "A resource of a YAML pipeline.",
  ),
  Secret: objectOf(
    {
      name: text,
      pipeline: { ...textOrNull, description: "null: every pipeline may use it." },
      updated_at: { ...time, description: "When it was set." },
    },
    "A secret that the server keeps, without its value.",
  ),
  FileProblem: objectOf({
    severity: { enum: ["error", "warning"] },
    file: text,
    line: countOrNull,
    column: countOrNull,
    message: text,
    hint: textOrNull,
  }),
  Problem: {
    type: "object",
    description: "RFC 9457. Programs go by code; codes are added, never renamed.",
    required: ["type", "title", "status", "detail", "code", "hint"],
    properties: {
      type: { const: "about:blank" },
      title: text,
      status: { type: "integer", minimum: 400, maximum: 599 },
      detail: { type: "string", description: "What was tried and why it failed." },
      code: { enum: Object.keys(errorCodes) },
      hint: { type: ["string", "null"], description: "What to do about it." },
      details: { type: "object", description: "As which parameter, or which line." },
    },
  },
};
