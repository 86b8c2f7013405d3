// Opens every part, wires them, starts the server, and stops all in reverse order.

import { feature } from "bun:bundle";
import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { engineWithFaultPoints, storeWithFaultPoints, withFaultPoints } from "./app/fault-points.ts";
import { locateTarget } from "./app/locate-target.ts";
import { openOutbound } from "./app/open-outbound.ts";
import { type ConfigSource, type LiveConfig, openReload } from "./app/open-reload.ts";
import { openExecutor, stepPath } from "./app/open-executor.ts";
import { openLogger } from "./app/open-logger.ts";
import { noStore, openPipelines, reportFirstLoad, versionsIn } from "./app/open-pipelines.ts";
import { openPool } from "./app/open-pool.ts";
import { assumeSecrets, openSecrets } from "./app/open-secrets.ts";
import { OpenedParts } from "./app/opened-parts.ts";
import { type Config, environment } from "./config.ts";
import type { AppError } from "./core/app-error.ts";
import { systemClock } from "./core/clock.ts";
import type { JsonValue } from "./core/json.ts";
import type { LogEntry } from "./core/log-entry.ts";
import type { Run } from "./core/run.ts";
import { checkTimezone } from "./core/schedule-times.ts";
import { type Engine, type EngineOptions, openEngine, PipelineEvents, withCommitNews } from "./engine/engine.ts";
import { createFetcher, createTreeRemover } from "./executors/executors.ts";
import { type FreeSpaceWatch, makePrivateFolder, openFreeSpaceWatch, openRunFiles } from "./files/files.ts";
import type { Pipeline } from "./pipelines/pipelines.ts";
import { ApprovalLinks, loadApiToken } from "./secrets/secrets.ts";
import { createServer, type Listening } from "./server/server.ts";
import { openSqliteStore } from "./store/store.ts";
import { type Logger, Redactor, type ServerFacts, warnAfterStart } from "./telemetry/telemetry.ts";

export type { ConfigSource } from "./app/reload-config.ts";
export { compileFile } from "./app/compile-file.ts";
export { testPipelines, type TestedFile } from "./app/test-pipelines.ts";
export { tryExpression } from "./engine/engine.ts";
export { type ReplayJournalOptions, readStoredJournal, replayJournal } from "./app/replay-journal.ts";

export interface RunningServer {
  readonly url: string;
  /** Takes over what of the configuration can be, and says so in the log. Never rejects. */
  reload(): Promise<void>;
  readonly token: string;
  /** Null where the token came from the environment. */
  readonly tokenPath: string | null;
  stop(): Promise<void>;
}

/** Answers in flight and steps that are ended may take this long; a service manager waits for 15 s. */
const stopGraceMs = 12_000;
const answersGraceMs = 8000;

/**
 * A server that answers when this resolves. Where it knows how to read its configuration again, it does so when the
 * file changes.
 * @throws {AppError} CONFIG_INVALID, DATABASE_LOCKED, DATABASE_TOO_NEW, STORE_UNAVAILABLE.
 */
export async function startServer(given: Config, source: ConfigSource | null = null): Promise<RunningServer> {
  // What can be taken over later is changed in here.
  const config: LiveConfig = { ...given, metadata: { ...given.metadata }, vars: { ...given.vars } };
  const redactor = new Redactor();
  const logger = openLogger(config, redactor);
  const opened = new OpenedParts();
  try {
    await makePrivateFolder(config.dataDir);
    const database = config.storage.file;
    const places = { work: config.dataDir, files: config.dataDir, keyFolder: config.dataDir, database };
    const tokenPath = config.token === null ? join(config.dataDir, "runner.token") : null;
    const token = config.token ?? (await loadApiToken(tokenPath ?? "", randomBytes));
    redactor.add("token", token);
    const opening = openRunning(config, places, { logger, redactor }, opened, token);
    const engine = feature("FAULTS") ? engineWithFaultPoints(await opening) : await opening;
    const server = createServer({
      engine,
      token,
      logger,
      publicUrl: config.publicUrl,
      trustedProxies: config.trustedProxies,
      eventMetadata: () => config.metadata,
    });
    const listening = await server.listen(config);
    opened.add(async () => await stopServing(listening, engine, config.stopSteps));
    opened.add(logUnhandled(logger));
    const facts = async (): Promise<ServerFacts> => await describeServer(config, engine, listening.url);
    opened.add(warnAfterStart({ facts, env: environment, clock: systemClock, logger }));
    const reload = await openReload(config, source, { engine, logger }, opened);
    return { url: listening.url, token, tokenPath, reload, stop: () => opened.close() };
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }
}

async function describeServer(config: Config, engine: Engine, url: string): Promise<ServerFacts> {
  const pipelines = await engine.listPipelines();
  const { runs } = await engine.listRuns({ limit: 1 });
  const unsigned = pipelines.filter(({ pipeline, secretFrom }) => {
    const webhook = pipeline.version?.config.webhook ?? false;
    return webhook !== false && webhook.allow === undefined && secretFrom === null;
  });
  return {
    ...config,
    host: config.socket === null ? config.host : null,
    port: Number(URL.parse(url)?.port) || config.port,
    tls: config.tlsCert !== null,
    unsigned: unsigned.map(({ pipeline }) => pipeline.id),
    newestRunMs: runs[0]?.createdAt ?? null,
  };
}

/** Lets answers in flight be given, then lets go of the runs or ends them, all within the time there is. */
async function stopServing(listening: Listening, engine: Engine, stopSteps: boolean): Promise<void> {
  const answered = listening.stop(stopGraceMs);
  // Steps get the time to end that they have always: there is none left to wait for answers first.
  if (!stopSteps) await Promise.race([answered, Bun.sleep(answersGraceMs)]);
  await engine.stop({ stopSteps, graceMs: stopGraceMs });
  await answered;
}

/** A promise that nobody waited for must not fail in silence. */
function logUnhandled(logger: Logger): () => void {
  const log = (reason: unknown): void => {
    logger.error("an error was not handled; this is a bug in runner", {
      error: String(reason),
      stack: reason instanceof Error ? reason.stack : undefined,
    });
  };
  process.on("unhandledRejection", log);
  return () => process.off("unhandledRejection", log);
}

/** Loads every pipeline once and tells what is wrong. */
export async function checkPipelines(config: Config): Promise<{ readonly pipelines: readonly Pipeline[] }> {
  const opened = new OpenedParts();
  try {
    const pool = openPool(config, opened, openLogger(config));
    const catalog = await openPipelines(config, pool, assumeSecrets(), noStore, openLogger(config), false);
    opened.add(async () => await catalog.close());
    return { pipelines: catalog.list() };
  } finally {
    await opened.close();
  }
}

export interface RunOnceOptions {
  /** Absolute path of a script, or the id of a pipeline. */
  readonly target: string;
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly args: readonly string[];
  readonly jobs?: readonly string[];
  /** Absolute path; absent: a temporary one that is removed. */
  readonly database?: string;
  readonly onEntry: (entry: LogEntry) => Promise<void> | void;
  /** Cancels the run when aborted. */
  readonly signal: AbortSignal;
}

/** Executes one pipeline in this process; resolves with the finished run, whatever its end. */
export async function runOnce(config: Config, options: RunOnceOptions): Promise<Run> {
  const opened = new OpenedParts();
  const folder = await mkdtemp(join(tmpdir(), "runner-"));
  const removeTree = createTreeRemover({ path: stepPath });
  // A container may leave there what is not ours to remove; the run has its end all the same.
  opened.add(async () => await removeTree(folder).catch(() => undefined));
  try {
    const { pipelines, id } = locateTarget(config.pipelines, options.target);
    const redactor = new Redactor();
    const logger = openLogger({ ...config, logLevel: config.logLevel === "debug" ? "debug" : "error" }, redactor);
    const database = options.database ?? join(folder, "runner.db");
    // Beside a database that is kept, so that its artifacts are too.
    const filesFolder = options.database === undefined ? folder : `${options.database}-files`;
    const places = { work: folder, files: filesFolder, keyFolder: dirname(database), database };
    const engine = await openRunning({ ...config, pipelines }, places, { logger, redactor }, opened, null);
    opened.add(async () => await engine.stop({ stopSteps: true, graceMs: stopGraceMs }));
    return await followToEnd(engine, id, options);
  } finally {
    await opened.close();
  }
}

async function followToEnd(engine: Engine, pipeline: string, options: RunOnceOptions): Promise<Run> {
  const { runId } = await engine.trigger(pipeline, options);
  const cancel = (): void => void engine.cancel(runId).catch(() => undefined);
  if (options.signal.aborted) cancel();
  options.signal.addEventListener("abort", cancel);
  for await (const entry of engine.readLogs(runId, { afterSeq: 0, follow: true })) await options.onEntry(entry);
  return await engine.waitForEnd(runId, Number.MAX_SAFE_INTEGER);
}

interface Places {
  /** Holds the folders of running steps. */
  readonly work: string;
  /** Holds volumes and artifacts. */
  readonly files: string;
  /** Holds the key of secrets, where no other file is named. */
  readonly keyFolder: string;
  readonly database: string;
}

/** Everything that runs need, wired. */
async function openRunning(
  config: Config,
  { work, files: filesFolder, keyFolder, database }: Places,
  { logger, redactor }: { readonly logger: Logger; readonly redactor: Redactor },
  opened: OpenedParts,
  /** Of the server; null where there is none, for one run only. */
  token: string | null,
): Promise<Engine> {
  const watch = token !== null;
  // First, because its processes take the longest to start.
  const pool = openPool(config, opened, logger);
  const onTrouble = logTrouble(logger, "the database can be written again");
  const sqlite = await openSqliteStore({ path: database, createWorker: createStoreWorker, now: Date.now, onTrouble });
  opened.add(async () => await sqlite.close());
  const store = withCommitNews(feature("FAULTS") ? storeWithFaultPoints(sqlite) : sqlite);
  const opening = openSecrets({ store, redactor, logger, config, keyFolder });
  const { secrets, storedSecrets, uploadedSecrets, openBox } = await opening;
  const pipelineEvents = new PipelineEvents({ store, redactor, logger, now: () => systemClock.now() });
  const versions = versionsIn(store, uploadedSecrets, pipelineEvents);
  const catalog = await openPipelines(config, pool, secrets, versions, logger, watch);
  opened.add(async () => await catalog.close());
  if (watch) reportFirstLoad(catalog, logger);
  const executor = openExecutor(config, work, logger);
  opened.add(async () => await executor.settle());
  const removeTree = createTreeRemover({ path: stepPath });
  const files = openRunFiles({ dataDir: filesFolder, maxArtifactBytes: config.maxArtifactSize, removeTree });
  const room = await openRoom([work, dirname(database)], watch ? config.minFreeSpace : 0, logger, opened);
  const parts = {
    store,
    pool,
    executor,
    fetcher: createFetcher({ fetch }),
    files,
    secrets,
    redactor,
    clock: systemClock,
    logger,
    approvalLinks: new ApprovalLinks(token ?? "", config.publicUrl),
    takesNews: token !== null,
    vars: config.vars,
  };
  return await openEngine({
    parts: feature("FAULTS") ? withFaultPoints(parts) : parts,
    catalog,
    pipelineEvents,
    uploadedSecrets,
    storedSecrets,
    webhookTimeoutMs: config.webhookTimeout,
    maxWaitingCallers: config.maxCallers,
    publicUrl: config.publicUrl,
    maxConcurrentRuns: config.maxConcurrentRuns,
    maxQueuedRuns: config.maxQueuedRuns,
    maxConcurrentSteps: config.maxConcurrentSteps,
    triggers: watch ? { findLocalZone } : null,
    retention: watch ? retentionOf(config) : null,
    checkRoom: () => room.check(),
    outbound: watch ? await openOutbound(config, openBox, logger, opened) : null,
    newId: () => Bun.randomUUIDv7(),
  });
}

function retentionOf({ retention, retentionRuns, retentionEvents }: Config): EngineOptions["retention"] {
  return { maxAgeMs: retention, maxRuns: retentionRuns, maxEvents: retentionEvents };
}

/** The room for new runs on the disks of these folders. */
async function openRoom(
  folders: readonly string[],
  minBytes: number,
  logger: Logger,
  opened: OpenedParts,
): Promise<FreeSpaceWatch> {
  const onChange = logTrouble(logger, "there is room for new runs again");
  const room = await openFreeSpaceWatch({ folders: [...new Set(folders)], minBytes, clock: systemClock, onChange });
  opened.add(() => room.close());
  return room;
}

/** The time zone of this machine, or of TZ where that is set. */
function findLocalZone(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  try {
    checkTimezone(timeZone);
    return timeZone;
  } catch {
    return "UTC";
  }
}

/** Once when it begins, once when it has passed; meanwhile each request that meets it gets the same error. */
function logTrouble(logger: Logger, passed: string): (trouble: AppError | null) => void {
  return (trouble) => {
    if (trouble === null) logger.info(passed);
    else logger.error(trouble.message, { code: trouble.code, hint: trouble.hint });
  };
}

function createStoreWorker(): Worker {
  return new Worker(new URL("./store-worker.ts", import.meta.url).href);
}
