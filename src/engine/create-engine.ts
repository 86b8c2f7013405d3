// Makes the engine of its parts: the verbs of the door over the registry of runs.

import { AppError } from "../core/app-error.ts";
import type { Run } from "../core/run.ts";
import { isFinal } from "../core/run.ts";
import type { Catalog, Pipeline } from "../pipelines/pipelines.ts";
import { ChildRuns } from "./child-runs.ts";
import type { CommittedStore } from "./events/committed-store.ts";
import { EventDesk } from "./events/event-desk.ts";
import type { PipelineEvents } from "./events/pipeline-events.ts";
import type { Engine, OpenArtifact, PipelineOverview, StopOptions, TriggerInput } from "./contract.ts";
import { LockDesk } from "./lock-desk.ts";
import { maskRecord } from "./mask-secrets.ts";
import { NewsDesk } from "./news-desk.ts";
import { newRun } from "./new-run.ts";
import { openArtifact } from "./open-artifact.ts";
import { createFetchSlots } from "./fetch-slots.ts";
import { Followers } from "./followers.ts";
import type { EndpointDesk } from "./outbound/endpoint-desk.ts";
import { type OpenedOutbound, openOutbound, type OutboundSettings } from "./outbound/open-outbound.ts";
import type { TargetDesk } from "./outbound/target-desk.ts";
import { PipelinePauses } from "./pipeline-pauses.ts";
import { readJournal } from "./read-journal.ts";
import { readLogs } from "./read-logs.ts";
import { expandJobs } from "./expand-jobs.ts";
import { getPipeline, getVersion } from "./get-pipeline.ts";
import { WebhookReceiver } from "./receive-webhook.ts";
import { recoverRuns } from "./recover-runs.ts";
import { RequestRecords } from "./request-records.ts";
import { Reruns } from "./reruns.ts";
import { resolveParams } from "./resolve-params.ts";
import { Retention, type RetentionLimits, retentionText } from "./retention.ts";
import type { MadePart, RunParts } from "./run-parts.ts";
import { RunRegistry } from "./run-registry.ts";
import { waitForEnd } from "./wait-for-end.ts";
import { ResourceDesk } from "./resources/resource-desk.ts";
import { ResourceChecker } from "./resources/resource-checker.ts";
import { Scheduler, type ScheduleOverview } from "./scheduler.ts";
import { StepSlots } from "./step-slots.ts";
import { WaitingCallers } from "./waiting-callers.ts";
import { PipelineUploader } from "./upload-pipeline.ts";
import type { StoredSecrets } from "./stored-secrets.ts";
import type { UploadedSecrets } from "./uploaded-secrets.ts";

export interface EngineOptions {
  readonly parts: Omit<RunParts, MadePart | "store"> & { readonly store: CommittedStore };
  readonly catalog: Pick<Catalog, "get" | "list" | "upload" | "check" | "remove" | "watchChanges">;
  readonly pipelineEvents: PipelineEvents;
  readonly uploadedSecrets: UploadedSecrets;
  readonly storedSecrets: StoredSecrets;
  readonly webhookTimeoutMs: number;
  /** Callers that wait for an answer or an end; more are told at once what there is. */
  readonly maxWaitingCallers: number;
  /** The address that others reach the server by; absent: not known. */
  readonly publicUrl?: string | null;
  readonly maxConcurrentRuns: number;
  /** Runs that wait for their beginning; more are refused. */
  readonly maxQueuedRuns: number;
  readonly maxConcurrentSteps: number;
  /** What schedules without a time zone go by; null: nothing begins by itself, neither at its time nor after a run. */
  readonly triggers: { readonly findLocalZone: () => string } | null;
  /** Null: ended runs are never removed. */
  readonly retention: RetentionLimits | null;
  /** @throws {AppError} DISK_LOW where there is no room for new runs. */
  readonly checkRoom: () => void;
  /** Null: no event leaves this process. */
  readonly outbound: OutboundSettings | null;
  /** UUIDv7. */
  readonly newId: () => string;
}

/** Goes on with what an earlier life left unfinished, then takes new runs. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { catalog, newId, checkRoom, triggers, maxConcurrentRuns, maxConcurrentSteps, maxQueuedRuns } = options;
  const pauses = await PipelinePauses.load(options.parts.store, options.parts.clock);
  const outbound = options.outbound && (await openOutbound(options.parts, options.outbound, catalog, newId));
  const children = new ChildRuns({ parts: options.parts, catalog, pauses, newId, checkRoom, runs: () => runs });
  const locks = new LockDesk({ parts: options.parts, runs: () => runs });
  const parts: RunParts = {
    ...options.parts,
    stepSlots: new StepSlots(maxConcurrentSteps),
    fetchSlots: createFetchSlots(),
    versionTurns: new StepSlots(1),
    targets: outbound?.targets ?? anyTarget,
    children,
    locks,
    pipelineSetter: {
      findFile: (id) => catalog.get(id)?.file,
      set: async (id, upload) => await uploader.set(id, upload),
    },
    followers: new Followers({
      catalog: triggers === null ? noCatalog : catalog,
      pauses,
      newId,
      place: (run, version) => runs.place(run, version, null),
      take: (run, version) => void runs.take(run, version),
    }),
  };
  const uploader = new PipelineUploader({
    catalog,
    store: parts.store,
    secrets: options.uploadedSecrets,
    events: options.pipelineEvents,
    redactor: parts.redactor,
    now: () => parts.clock.now(),
  });
  const limits = { executing: maxConcurrentRuns, queued: maxQueuedRuns };
  const runs = new RunRegistry({ parts, versions: catalog, pauses, limits });
  // Before any run asks for one.
  await locks.load();
  await recoverRuns(parts, catalog, runs, children);
  locks.start();
  const engine = new StandardEngine({ ...options, uploader }, parts, runs, pauses, outbound);
  await engine.start();
  return engine;
}

/** Where nothing is sent, nothing is missing either. */
const anyTarget: RunParts["targets"] = { get: () => undefined };

const noCatalog: Pick<Catalog, "get" | "list" | "watchChanges"> = {
  get: () => undefined,
  list: () => [],
  watchChanges: () => () => {},
};

class StandardEngine implements Engine {
  readonly #options: EngineOptions;
  readonly #parts: RunParts;
  readonly #runs: RunRegistry;
  readonly #pauses: PipelinePauses;
  readonly #records: RequestRecords;
  readonly #webhooks: WebhookReceiver;
  readonly #waiting: WaitingCallers;
  readonly #reruns: Reruns;
  readonly #uploader: PipelineUploader;
  readonly #news: NewsDesk;
  readonly #scheduler: Scheduler | null;
  readonly #checker: ResourceChecker | null;
  readonly resources: ResourceDesk;
  readonly #retention: Retention | null;
  readonly #outbound: OpenedOutbound | null;
  readonly events: EventDesk;
  #ready = true;

  constructor(
    options: EngineOptions & { readonly uploader: PipelineUploader },
    parts: RunParts,
    runs: RunRegistry,
    pauses: PipelinePauses,
    outbound: OpenedOutbound | null,
  ) {
    this.#options = options;
    this.#outbound = outbound;
    this.#parts = parts;
    this.#runs = runs;
    this.#pauses = pauses;
    const { catalog, newId, triggers } = options;
    const { store, clock, logger } = parts;
    const { uploadedSecrets, webhookTimeoutMs: timeoutMs, publicUrl = null } = options;
    const checkReady = (): void => this.checkReady();
    this.#waiting = new WaitingCallers(options.maxWaitingCallers);
    this.#records = new RequestRecords({ parts, newId });
    const receiving = { uploadedSecrets, timeoutMs, publicUrl, waiting: this.#waiting, records: this.#records };
    this.#webhooks = new WebhookReceiver({ parts, catalog, runs, newId, checkReady, ...receiving });
    this.#reruns = new Reruns({ parts, catalog, runs, newId });
    this.#uploader = options.uploader;
    this.#news = new NewsDesk({ parts, runs });
    this.events = new EventDesk(options.parts);
    const common = { store, clock, logger, catalog, pauses, runs, newId, checkReady };
    this.#scheduler = triggers && new Scheduler({ ...common, ...triggers });
    const { executor, secrets, vars, redactor, versionTurns } = parts;
    this.#checker = triggers && new ResourceChecker({ ...common, executor, secrets, vars, redactor, versionTurns });
    this.resources = new ResourceDesk({ ...common, checker: this.#checker });
    const eventsNeededFrom = (): number => outbound?.outbound.eventsNeededFrom ?? Number.POSITIVE_INFINITY;
    const kept = { parts, catalog, requests: this.#records, eventsNeededFrom };
    this.#retention = options.retention && new Retention({ ...kept, ...options.retention });
  }

  async start(): Promise<void> {
    await this.#scheduler?.start();
    this.#checker?.start();
    this.#retention?.start();
    await this.#outbound?.outbound.start();
  }

  #checkRunning(): void {
    if (this.#ready) return;
    throw new AppError("SHUTTING_DOWN", "the server is stopping and takes nothing new", { hint: "try again shortly" });
  }

  checkReady(): void {
    this.#checkRunning();
    this.#parts.store.checkWritable();
    this.#options.checkRoom();
  }

  receiveWebhook: Engine["receiveWebhook"] = async (head, readBody) => await this.#webhooks.receive(head, readBody);

  listRequests: Engine["listRequests"] = async (query) => {
    await this.#records.flush();
    return await this.#parts.store.inbound.list(query);
  };

  getRequest: Engine["getRequest"] = async (id) => {
    await this.#records.flush();
    const found = await this.#parts.store.inbound.find(id);
    if (found !== undefined) return found;
    throw new AppError("REQUEST_NOT_FOUND", `there is no request ${JSON.stringify(id.slice(0, 100))}`, {
      hint: `\`runner requests\` lists them; an accepted one goes with its run${retentionText(this.#options.retention)}`,
    });
  };

  redeliver: Engine["redeliver"] = async (id, options) =>
    await this.#webhooks.redeliver(await this.getRequest(id), options);

  async trigger(pipeline: string, { params, args, jobs = [] }: TriggerInput): Promise<{ readonly runId: string }> {
    this.checkReady();
    const version = getVersion(this.#options.catalog, pipeline);
    const run = newRun({
      id: this.#options.newId(),
      pipeline,
      trigger: "manual",
      bundleHash: version.bundle.hash,
      params: resolveParams(version.config, params, "manual"),
      args,
      targetJobs: expandJobs(pipeline, version.config, jobs),
      createdAt: this.#parts.clock.now(),
    });
    await this.#runs.submit({ run, version, request: null, writes: [] });
    return { runId: run.id };
  }

  rerun: Engine["rerun"] = async (id, options) => {
    this.checkReady();
    return await this.#reruns.begin(await this.getRun(id), options);
  };

  async getRun(id: string): Promise<Run> {
    const run = await this.#parts.store.runs.find(id);
    if (run !== undefined) return run;
    throw new AppError("RUN_NOT_FOUND", `there is no run ${JSON.stringify(id.slice(0, 100))}`, {
      hint: `\`runner runs\` lists them${retentionText(this.#options.retention)}`,
    });
  }

  listRuns: Engine["listRuns"] = async (query) => await this.#parts.store.runs.list(query);

  waitForEnd: Engine["waitForEnd"] = async (id, timeoutMs, signal) => {
    const getRun = async (): Promise<Run> => await this.getRun(id);
    return await waitForEnd({ id, timeoutMs, signal, getRun, clock: this.#parts.clock, runs: this.#runs });
  };

  waitAsCaller: Engine["waitAsCaller"] = async (id, timeoutMs, signal) => {
    const leave = this.#waiting.enter();
    if (leave === null) return await this.getRun(id);
    try {
      return await this.waitForEnd(id, timeoutMs, signal);
    } finally {
      leave();
    }
  };

  readLogs: Engine["readLogs"] = (id, options) => this.#readLogs(id, options);

  async *#readLogs(...[id, options]: Parameters<Engine["readLogs"]>): ReturnType<typeof readLogs> {
    await this.getRun(id);
    yield* readLogs(this.#parts.store, this.#runs, id, options);
  }

  readJournal: Engine["readJournal"] = (id, options) => this.#readJournal(id, options);

  async *#readJournal(...[id, options]: Parameters<Engine["readJournal"]>): ReturnType<typeof readJournal> {
    await this.getRun(id);
    const { store, redactor } = this.#parts;
    for await (const record of readJournal(store, this.#options.catalog, id, options)) {
      yield maskRecord(redactor, record);
    }
  }

  async cancel(id: string): Promise<Run> {
    const run = await this.getRun(id);
    if (isFinal(run.status)) throw new AppError("RUN_ALREADY_ENDED", `run ${id} has already ended: ${run.status}`);
    await this.#runs.cancel(id, "the run was cancelled on request");
    return await this.getRun(id);
  }

  async decide(...[id, name, decision]: Parameters<Engine["decide"]>): Promise<Run> {
    this.#checkRunning();
    await this.#news.decide(await this.getRun(id), name, decision);
    return await this.getRun(id);
  }

  findLinkedApproval: Engine["findLinkedApproval"] = async (code) => await this.#news.findLinked(code);

  decideLinked: Engine["decideLinked"] = async (code, decision) => {
    this.#checkRunning();
    return await this.#news.decideLinked(code, decision);
  };

  async signal(...[id, name, value]: Parameters<Engine["signal"]>): Promise<Run> {
    this.#checkRunning();
    await this.#news.signal(await this.getRun(id), name, value);
    return await this.getRun(id);
  }

  async listPipelines(): Promise<readonly PipelineOverview[]> {
    const pipelines = this.#options.catalog.list();
    const latest = await this.#parts.store.runs.latest(pipelines.map(({ id }) => id));
    return pipelines.map((pipeline) => this.#overview(pipeline, latest));
  }

  async getPipeline(id: string): Promise<PipelineOverview> {
    const pipeline = getPipeline(this.#options.catalog, id);
    const latest = await this.#parts.store.runs.latest([id]);
    return this.#overview(pipeline, latest);
  }

  #overview(pipeline: Pipeline, latest: ReadonlyMap<string, Run>): PipelineOverview {
    const { id, version } = pipeline;
    const secretFrom = this.#options.uploadedSecrets.findSource(id, version?.config);
    return { pipeline, lastRun: latest.get(id) ?? null, secretFrom, paused: this.#pauses.isPaused(id) };
  }

  async pausePipeline(id: string): Promise<PipelineOverview> {
    getPipeline(this.#options.catalog, id);
    if (!this.#pauses.isPaused(id)) await this.#pauses.pause(id);
    return await this.getPipeline(id);
  }

  async resumePipeline(id: string): Promise<PipelineOverview> {
    getPipeline(this.#options.catalog, id);
    if (this.#pauses.isPaused(id)) await this.#pauses.resume(id, this.#scheduler?.resumeWrites(id) ?? []);
    this.#scheduler?.resumed(id);
    return await this.getPipeline(id);
  }

  listSecrets: Engine["listSecrets"] = () => this.#options.storedSecrets.list();

  setSecret: Engine["setSecret"] = async ({ name, pipeline }, value) => {
    this.#checkRunning();
    return await this.#options.storedSecrets.set(name, pipeline, value);
  };

  removeSecret: Engine["removeSecret"] = async ({ name, pipeline }) => {
    await this.#options.storedSecrets.remove(name, pipeline);
  };

  get targets(): TargetDesk {
    if (this.#outbound !== null) return this.#outbound.targetDesk;
    throw new AppError("INTERNAL", "no event leaves this process, so it has no targets");
  }

  get endpoints(): EndpointDesk {
    if (this.#outbound !== null) return this.#outbound.endpoints;
    throw new AppError("INTERNAL", "no event leaves this process, so it has no endpoints");
  }

  listSchedules(): readonly ScheduleOverview[] {
    return this.#scheduler?.list() ?? [];
  }

  setPipeline: Engine["setPipeline"] = async (id, upload) => {
    this.checkReady();
    const done = await this.#uploader.set(id, upload);
    return { overview: await this.getPipeline(id), ...done };
  };

  checkPipeline: Engine["checkPipeline"] = async (id, upload) => {
    this.checkReady();
    return await this.#uploader.check(id, upload);
  };

  async removePipeline(id: string): Promise<void> {
    await this.#uploader.remove(id);
    if (this.#pauses.isPaused(id)) await this.#pauses.resume(id, []);
  }

  async openArtifact(runId: string, name: string): Promise<OpenArtifact> {
    return await openArtifact(this.#parts, await this.getRun(runId), name);
  }

  async stop({ stopSteps, graceMs }: StopOptions): Promise<void> {
    this.#ready = false;
    await Promise.all([this.#scheduler?.stop(), this.#checker?.stop()]);
    if (stopSteps) {
      const grace = new Promise<void>((resolve) => this.#parts.clock.after(graceMs, resolve));
      await Promise.race([this.#runs.cancelAll("the server was stopped with --stop-steps"), grace]);
    }
    await Promise.all([this.#runs.abandonAll(), this.#retention?.stop(), this.#outbound?.outbound.stop()]);
    await this.#records.close();
  }
}
