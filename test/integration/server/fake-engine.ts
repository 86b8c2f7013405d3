// An engine that answers what a test tells it to, and remembers what it was asked.

import { AppError } from "../../../src/core/app-error.ts";
import type { JournalRecord } from "../../../src/core/journal-record.ts";
import type { EventRecord } from "../../../src/core/event.ts";
import type { LogEntry } from "../../../src/core/log-entry.ts";
import type { Run } from "../../../src/core/run.ts";
import type {
  Engine,
  KeptRequest,
  LinkedApproval,
  ReceivedRequest,
  RerunOptions,
  ResourceOverview,
  RunListQuery,
  TriggerInput,
  WebhookAnswer,
} from "../../../src/engine/engine.ts";
import { deliveriesOf } from "../../../src/engine/outbound/deliveries-of.ts";
import type { Pipeline } from "../../../src/pipelines/pipelines.ts";
import { FakeDeliveries } from "../../fixtures/harness/endpoint-bench.ts";
import { makeRecord } from "../../fixtures/records/make-record.ts";

export const runId = "0192f0c0-0000-7000-8000-000000000001";
export const requestId = "0192f0c0-0000-7000-8000-000000000002";
export const eventId = "evt_018bcfe5680000000000000000aa";
export const token = "test-token";

/** There is one, `ops`. */
export function fakeTargets(deliveries = new FakeDeliveries()): Engine["targets"] {
  const check = (name: string): void => {
    if (name !== "ops") throw new AppError("TARGET_NOT_FOUND", `there is no target ${name}`);
  };
  return {
    overview: () => [{ name: "ops", type: "ntfy" }],
    test: async (name) => {
      check(name);
      const body = new TextEncoder().encode("ok");
      const outcome = { type: "answered", status: 200, headers: {}, body, isCut: false, durationMs: 5 } as const;
      return { headers: {}, outcome };
    },
    replace: async () => {},
    deliveries: deliveriesOf(deliveries, (name) => {
      check(name);
      return `tgt_${name}`;
    }),
  };
}

export function makeRun(changes: Partial<Run> = {}): Run {
  return {
    id: runId,
    pipeline: "deploy",
    trigger: "manual",
    status: "succeeded",
    createdAt: 1_700_000_000_000,
    startedAt: 1_700_000_000_001,
    finishedAt: 1_700_000_000_002,
    result: null,
    rerunOf: null,
    triggeredBy: "manual",
    parent: null,
    after: null,
    scheduledAt: null,
    wakeAt: null,
    error: null,
    steps: [],
    jobs: [],
    artifacts: [],
    ...changes,
  };
}

export function makeKeptRequest(changes: Partial<KeptRequest> = {}): KeptRequest {
  const answer = { status: 401, code: "SIGNATURE_INVALID", durationMs: 0.5 };
  return { ...makeRecord(requestId), sameBodyAs: null, answer, ...changes };
}

export function makeEvent(changes: Partial<EventRecord> = {}): EventRecord {
  return {
    seq: 1,
    id: eventId,
    type: "run.created",
    createdAt: 1_700_000_000_000,
    runId,
    pipeline: "deploy",
    sequence: 1,
    target: null,
    data: { run_id: runId },
    ...changes,
  };
}

export function makePipeline(id: string, changes: Partial<Pipeline> = {}): Pipeline {
  const bundle = { hash: "abc", code: "", sourceMap: "" };
  const config = { webhook: {}, params: {} };
  const version = { bundle, config, file: `${id}.ts`, loadedAt: 1_700_000_000_000 };
  return { id, file: `${id}.ts`, state: "ok", version, problems: [], ...changes };
}

export function makeEntry(seq: number, changes: Partial<LogEntry> = {}): LogEntry {
  const text = `line ${seq}`;
  return {
    seq,
    at: 1_700_000_000_000,
    source: "console",
    level: "info",
    stepId: null,
    stepName: null,
    text,
    ...changes,
  };
}

export const linkedApproval: LinkedApproval = {
  runId,
  pipeline: "deploy",
  name: "go-live",
  message: "Deploy 1.2.3?",
  expiresAt: 1_700_000_600_000,
};
/** Of a run that made one call. */
export function makeJournal(whole: Run, withScript: boolean): readonly JournalRecord[] {
  const { id, pipeline, status, triggeredBy, rerunOf, createdAt, startedAt, result, error } = whole;
  const run = { id, pipeline, status, triggeredBy, rerunOf, createdAt, startedAt, result, error };
  const bundle = { hash: "hash", code: "export const pipeline = () => {};", sourceMap: "{}" };
  return [
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
      bundleHash: bundle.hash,
      bundle: withScript ? bundle : null,
    },
    {
      type: "call",
      number: 1,
      kind: "step",
      name: "build",
      args: { command: "make" },
      argsHash: "hash",
      startedAt: 1_700_000_000_001,
      afterSeq: 0,
      outcome: { ok: true, value: { code: 0 } },
    },
    { type: "delivery", seq: 1, what: "result", call: 1 },
    { type: "end" },
  ];
}

function makeResource(): ResourceOverview {
  const version = { seq: 1, version: { ref: "abc" }, foundAt: 1_700_000_000_000, passed: [{ job: "build", runId }] };
  return {
    pipeline: "ci",
    name: "repo",
    type: "git",
    checkEveryMs: 60_000,
    lastCheck: { at: 1_700_000_000_000, error: "no route" },
    nextCheckAt: 1_700_000_060_000,
    paused: false,
    versions: [version],
  };
}

function missing(pipeline: string): never {
  throw new AppError("PIPELINE_NOT_FOUND", `there is no pipeline ${pipeline}`);
}

export interface Asked {
  readonly webhooks: ReceivedRequest[];
  readonly triggers: { readonly pipeline: string; readonly input: TriggerInput }[];
  readonly lists: RunListQuery[];
  /** Lists of requests, and what was sent once more. */
  readonly requests: unknown[];
  /** Decisions and signals, with what they were for. */
  readonly news: unknown[][];
  readonly secrets: unknown[][];
  /** Lists of events, and what was followed. */
  readonly events: unknown[];
  readonly pauses: string[];
  readonly reruns: { readonly id: string; readonly options: RerunOptions }[];
}

export type FakeEngine = Engine & { readonly asked: Asked };

export function createFakeEngine(changes: Partial<Engine> = {}): FakeEngine {
  const asked: Asked = {
    webhooks: [],
    triggers: [],
    lists: [],
    requests: [],
    news: [],
    secrets: [],
    events: [],
    pauses: [],
    reruns: [],
  };
  const findRun = (id: string): Run => {
    if (id === runId) return makeRun();
    throw new AppError("RUN_NOT_FOUND", `there is no run ${id}`);
  };
  const engine: Engine = {
    checkReady: () => {},
    // Those who ask about endpoints bring their own.
    endpoints: undefined as never,
    targets: fakeTargets(),
    async receiveWebhook(head, readBody): Promise<WebhookAnswer> {
      asked.webhooks.push({ ...head, body: await readBody() });
      return { type: "accepted", runId };
    },
    async listRequests(query) {
      asked.requests.push(query);
      return { requests: [makeKeptRequest()], nextCursor: "next" };
    },
    async getRequest(id) {
      if (id === requestId) return makeKeptRequest();
      throw new AppError("REQUEST_NOT_FOUND", `there is no request ${id}`);
    },
    async redeliver(id, options) {
      asked.requests.push([id, options]);
      await engine.getRequest(id);
      return { requestId, answer: { type: "accepted", runId } };
    },
    async trigger(pipeline, input) {
      asked.triggers.push({ pipeline, input });
      if (pipeline.startsWith("missing")) throw new AppError("PIPELINE_NOT_FOUND", `there is no pipeline ${pipeline}`);
      return { runId };
    },
    async rerun(id, options) {
      asked.reruns.push({ id, options });
      findRun(id);
      return { runId };
    },
    getRun: async (id) => findRun(id),
    async listRuns(query) {
      asked.lists.push(query);
      return { runs: [makeRun()], nextCursor: "next" };
    },
    waitForEnd: async (id) => findRun(id),
    waitAsCaller: async (id) => findRun(id),
    async *readLogs() {
      yield makeEntry(1);
      yield makeEntry(2, { source: "stdout", stepId: `${runId}.1`, stepName: "build", text: "out\n" });
      yield makeEntry(3, { source: "system", text: "cut" });
    },
    async *readJournal(id, { withScript }) {
      yield* makeJournal(findRun(id), withScript);
    },
    events: {
      async list(query) {
        asked.events.push(query);
        return { events: [makeEvent()], nextCursor: "next" };
      },
      async get(id) {
        if (id === eventId) return makeEvent();
        throw new AppError("EVENT_NOT_FOUND", `there is no event ${id}`);
      },
      async follow({ signal, ...options }) {
        asked.events.push(options);
        return (async function* () {
          if (!signal.aborted) yield makeEvent();
        })();
      },
    },
    cancel: async (id) => ({ ...findRun(id), status: "cancelled" }),
    async decide(id, name, decision) {
      asked.news.push([id, name, decision]);
      return findRun(id);
    },
    findLinkedApproval: async () => linkedApproval,
    async decideLinked(code, decision) {
      asked.news.push([code, decision]);
      return linkedApproval;
    },
    async signal(id, name, value) {
      asked.news.push([id, name, value]);
      return findRun(id);
    },
    listPipelines: async () => [
      { pipeline: makePipeline("deploy"), lastRun: makeRun(), secretFrom: null, paused: false },
    ],
    async getPipeline(id) {
      if (id === "deploy" || id === "home/backup")
        return { pipeline: makePipeline(id), lastRun: null, secretFrom: null, paused: false };
      throw new AppError("PIPELINE_NOT_FOUND", `there is no pipeline ${id}`);
    },
    setPipeline: async (id) => ({
      overview: { pipeline: makePipeline(id), lastRun: null, secretFrom: null, paused: false },
      change: "created",
      warnings: [],
    }),
    async checkPipeline(id, { source }) {
      const place = { file: `${id}.ts`, line: 1, column: 8, hint: null };
      return source.includes("broken") ? [{ severity: "error", message: "no", ...place }] : [];
    },
    async pausePipeline(id) {
      asked.pauses.push(`pause ${id}`);
      return { ...(await engine.getPipeline(id)), paused: true };
    },
    async resumePipeline(id) {
      asked.pauses.push(`resume ${id}`);
      return await engine.getPipeline(id);
    },
    listSecrets: () => [{ name: "API_KEY", pipeline: null, updatedAt: Date.UTC(2026, 0, 31) }],
    setSecret: async (place, value) => {
      asked.secrets.push([place, value]);
      return { ...place, updatedAt: Date.UTC(2026, 0, 31), isNew: true };
    },
    removeSecret: async (place) => {
      asked.secrets.push([place]);
      if (place.name !== "API_KEY") throw new AppError("SECRET_NOT_FOUND", `there is no secret ${place.name}`);
    },
    listSchedules: () => [],
    resources: {
      list: async (pipeline) => (pipeline?.startsWith("missing") ? missing(pipeline) : [makeResource()]),
      check: async (pipeline, name) => {
        if (pipeline.startsWith("missing")) missing(pipeline);
        if (name === undefined || name === "repo") return [makeResource()];
        throw new AppError("RESOURCE_NOT_FOUND", `there is no resource ${name}`);
      },
    },
    removePipeline: async () => {},
    openArtifact: async (_runId, name) => {
      throw new AppError("ARTIFACT_NOT_FOUND", `there is no artifact ${name}`);
    },
    stop: async () => {},
    ...changes,
  };
  return Object.assign(engine, { asked });
}
