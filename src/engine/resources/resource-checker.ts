// Looks at the resources of pipelines from time to time, and begins the jobs that wait for new versions.
//
// How far a job has come with a resource is recorded in the transaction that creates its run: each version begins its
// runs once, also where the server dies in between.

import { toAppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import type { ResourceConfig, ResourceTrigger } from "../../core/pipeline-config.ts";
import type { ResourceVersion } from "../../core/resource-version.ts";
import { type Catalog, type PipelineVersion, resourceScope } from "../../pipelines/pipelines.ts";
import type { KnownVersion, ResourceKey, Store, Write } from "../../store/store.ts";
import type { Logger, Redactor } from "../../telemetry/telemetry.ts";
import { newRun } from "../new-run.ts";
import type { PipelinePauses } from "../pipeline-pauses.ts";
import { resolveParams } from "../resolve-params.ts";
import type { RunRegistry } from "../run-registry.ts";
import { checkOutside, type CheckParts } from "./check-outside.ts";
import { followersOf } from "./followers-of.ts";
import { LastRuns } from "./last-runs.ts";
import { foundWrites, keyOf } from "./resource-call.ts";

export interface ResourceCheckerOptions extends CheckParts {
  readonly store: Pick<Store, "commit" | "resources" | "runs">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redactor: Pick<Redactor, "text">;
  readonly catalog: Pick<Catalog, "get" | "list" | "watchChanges">;
  readonly pauses: Pick<PipelinePauses, "isPaused">;
  readonly runs: Pick<RunRegistry, "submit">;
  /** @throws {AppError} where no new runs are taken now. */
  readonly checkReady: () => void;
}

/** Times are milliseconds since the Unix epoch. */
export interface CheckState {
  /** Of this life of the server; `error`: why it could not be checked. */
  readonly lastCheck: { readonly at: number; readonly error: string | null } | null;
  /** null: when it is asked for. */
  readonly nextCheckAt: number | null;
}

interface Entry {
  readonly pipeline: string;
  /** As the pipeline is in force: may be another one after each wait. */
  version: PipelineVersion;
  resource: ResourceConfig;
  readonly key: ResourceKey;
  /** By the clock that nobody sets; infinite where it is checked only when that is asked for. */
  nextAt: number;
  lastCheck: CheckState["lastCheck"];
  failures: number;
  isBusy: boolean;
  /** Called when a check that begins from now on is done, or none comes any more. */
  readonly waiting: (() => void)[];
}

const concurrentChecks = 4;
/** Of the first check, so that a hundred do not begin at once. */
const firstSpreadMs = 2000;
const longestBackoffMs = 60 * 60 * 1000;
/** Of versions that each begin a run, in one look. */
const mostRunsAtOnce = 100;

export class ResourceChecker {
  readonly #options: ResourceCheckerOptions;
  readonly #lastRuns: LastRuns;
  #entries: Entry[] = [];
  #unwatch: (() => void) | null = null;
  #stopClock: (() => void) | null = null;
  readonly #checking = new Set<Promise<void>>();
  readonly #over = new AbortController();

  constructor(options: ResourceCheckerOptions) {
    this.#options = options;
    this.#lastRuns = new LastRuns(options.store.runs);
  }

  start(): void {
    const { catalog } = this.#options;
    for (const { id } of catalog.list()) this.#update(id);
    this.#unwatch = catalog.watchChanges((id) => this.#update(id));
  }

  /** Ends the checks under way; resolves when nothing more is begun. */
  async stop(): Promise<void> {
    this.#over.abort();
    this.#unwatch?.();
    this.#stopClock?.();
    await Promise.allSettled(this.#checking);
    this.#entries.forEach(release);
  }

  /** Undefined for a resource that there is not. */
  stateOf(pipeline: string, name: string): CheckState | undefined {
    const { clock } = this.#options;
    const [entry] = this.#entriesOf(pipeline, [name]);
    if (entry === undefined) return undefined;
    const { lastCheck, nextAt } = entry;
    const inMs = Math.max(0, nextAt - clock.elapsed());
    return { lastCheck, nextCheckAt: Number.isFinite(inMs) ? Math.round(clock.now() + inMs) : null };
  }

  /** Checks them before they are due; resolves when that is done. */
  async checkNow(pipeline: string, names: readonly string[]): Promise<void> {
    const checks = this.#entriesOf(pipeline, names).map(async (entry) => {
      entry.nextAt = this.#options.clock.elapsed();
      if (!this.#stopped) await new Promise<void>((resolve) => entry.waiting.push(resolve));
    });
    this.#arm();
    await Promise.all(checks);
  }

  #entriesOf(pipeline: string, names: readonly string[]): readonly Entry[] {
    return this.#entries.filter((entry) => entry.pipeline === pipeline && names.includes(entry.resource.name));
  }

  get #stopped(): boolean {
    return this.#over.signal.aborted;
  }

  /**
   * What is to be looked at has changed with its pipeline; what stayed the same keeps its time, where that is not too late
   * now, and its check.
   */
  #update(pipeline: string): void {
    const { catalog, clock } = this.#options;
    const version = catalog.get(pipeline)?.version ?? null;
    const before = this.#entries.filter((entry) => entry.pipeline === pipeline);
    const now = clock.elapsed();
    const entries = (version?.config.resources ?? []).flatMap((resource, index): Entry[] => {
      const everyMs = resource.checkEveryMs ?? Number.POSITIVE_INFINITY;
      if (version === null) return [];
      const key = keyOf(pipeline, { resource: resource.name, scope: resourceScope(resource) });
      const known = before.find(({ key: { resource: name, scope } }) => name === key.resource && scope === key.scope);
      const soonAt = known?.nextAt ?? now + ((index * 250) % firstSpreadMs);
      const dueAt = Number.isFinite(everyMs) ? Math.min(soonAt, now + everyMs) : everyMs;
      const nextAt = known !== undefined && known.waiting.length > 0 ? now : dueAt;
      if (known !== undefined) return [Object.assign(known, { version, resource, nextAt })];
      return [{ pipeline, version, resource, key, nextAt, lastCheck: null, failures: 0, isBusy: false, waiting: [] }];
    });
    this.#entries = [...this.#entries.filter((entry) => entry.pipeline !== pipeline), ...entries];
    for (const entry of before) if (!entries.includes(entry)) release(entry);
    this.#arm();
  }

  #arm(): void {
    this.#stopClock?.();
    if (this.#stopped || this.#checking.size >= concurrentChecks) return;
    const waiting = this.#entries.filter(({ isBusy }) => !isBusy);
    const nextAt = Math.min(...waiting.map((entry) => entry.nextAt));
    if (!Number.isFinite(nextAt)) return;
    const delayMs = Math.max(0, nextAt - this.#options.clock.elapsed());
    this.#stopClock = this.#options.clock.after(delayMs, () => this.#beginDue());
  }

  #beginDue(): void {
    const now = this.#options.clock.elapsed();
    const due = this.#entries.filter(({ isBusy, nextAt }) => !isBusy && nextAt <= now);
    for (const entry of due.slice(0, concurrentChecks - this.#checking.size)) {
      entry.isBusy = true;
      const waiting = entry.waiting.splice(0);
      const check = this.#check(entry).finally(() => {
        this.#checking.delete(check);
        entry.isBusy = false;
        for (const tell of waiting) tell();
        // Asked for meanwhile, of which this one may have seen nothing.
        if (entry.waiting.length > 0) entry.nextAt = this.#options.clock.elapsed();
        this.#arm();
      });
      this.#checking.add(check);
    }
    this.#arm();
  }

  /** Never rejects. */
  async #check(entry: Entry): Promise<void> {
    const { clock, pauses, logger, redactor } = this.#options;
    const { pipeline, resource } = entry;
    const everyMs = resource.checkEveryMs ?? Number.POSITIVE_INFINITY;
    entry.nextAt = clock.elapsed() + everyMs;
    if (pauses.isPaused(pipeline)) return;
    try {
      await this.#look(entry);
      if (entry.failures > 0) logger.info("a resource can be checked again", { pipeline, resource: resource.name });
      entry.failures = 0;
      entry.lastCheck = { at: clock.now(), error: null };
    } catch (thrown) {
      // It was paused meanwhile, and may begin nothing.
      if (pauses.isPaused(pipeline) || this.#isGone(entry)) return;
      entry.failures++;
      const { message, class: kind } = toAppError(thrown);
      // A server that takes no runs now is no reason to leave the resource alone for longer.
      const doublings = kind.retryable ? 0 : Math.min(entry.failures - 1, 10);
      const waitMs = Math.min(Math.max(everyMs, longestBackoffMs), everyMs * 2 ** doublings);
      entry.nextAt = clock.elapsed() + waitMs;
      entry.lastCheck = { at: clock.now(), error: redactor.text(message) };
      const nextIn = Number.isFinite(waitMs) ? formatDuration(waitMs) : "never";
      const about = { pipeline, resource: resource.name, reason: message, next_in: nextIn };
      logger[entry.failures === 1 ? "warn" : "debug"]("a resource could not be checked", about);
    }
  }

  async #look(entry: Entry): Promise<void> {
    const { store, clock } = this.#options;
    const { pipeline, key } = entry;
    const known = await store.resources.newest(key, []);
    const from = known?.version ?? null;
    const now = clock.now();
    const { version, resource } = entry;
    const checked = { pipeline, bundle: version.bundle, resource, from, now, signal: this.#over.signal };
    const versions = await checkOutside(checked, this.#options);
    if (this.#isGone(entry)) return;
    if (isNews(versions, from)) await store.commit(foundWrites(key, { versions, from }, now));
    await this.#begin(entry);
  }

  /** Nothing of it is to be begun any more: the server stops, or its pipeline has it no longer. */
  #isGone(entry: Entry): boolean {
    return this.#stopped || !this.#entries.includes(entry);
  }

  /** A run for each version that jobs have not been begun for yet, of all that wait for it: what must pass several sees them. */
  async #begin(entry: Entry): Promise<void> {
    const newest = await this.#options.store.resources.newest(entry.key, []);
    if (newest === undefined) return;
    const due = new Map<number, { readonly known: KnownVersion; readonly jobs: string[] }>();
    for (const trigger of entry.resource.triggers) {
      for (const known of await this.#findDue(entry, trigger, newest)) {
        const { jobs } = due.getOrInsertComputed(known.seq, () => ({ known, jobs: [] }));
        jobs.push(trigger.job);
      }
    }
    for (const [, { known, jobs }] of [...due].sort(([a], [b]) => a - b)) {
      if (this.#isGone(entry)) return;
      await this.#submit(entry, [...new Set(jobs)], known);
    }
  }

  async #findDue(
    { pipeline, key }: Entry,
    { job, mode }: ResourceTrigger,
    newest: KnownVersion,
  ): Promise<readonly KnownVersion[]> {
    const { resources } = this.#options.store;
    const upTo = await resources.cursor(key, job);
    if (newest.seq <= upTo) return [];
    // The first sight of a resource begins one run, however much there was before.
    if (mode === "latest" || upTo === 0) {
      // One that is still queued will take the newest itself.
      return (await this.#lastRuns.isQueued(pipeline, job)) ? [] : [newest];
    }
    const due: KnownVersion[] = [];
    for (let last = upTo; due.length < mostRunsAtOnce;) {
      const next: KnownVersion | undefined = await resources.next(key, [], last);
      if (next === undefined) break;
      due.push(next);
      last = next.seq;
    }
    return due;
  }

  async #submit(
    { pipeline, version, resource, key }: Entry,
    jobs: readonly string[],
    { seq, version: begunFor }: KnownVersion,
  ): Promise<void> {
    const { clock, runs, newId, checkReady, logger } = this.#options;
    checkReady();
    const run = newRun({
      id: newId(),
      pipeline,
      trigger: "schedule",
      bundleHash: version.bundle.hash,
      params: resolveParams(version.config, {}, "schedule"),
      targetJobs: followersOf(version.config.jobs ?? [], jobs),
      begunFor: { resource: key.resource, scope: key.scope, jobs, version: begunFor },
      createdAt: clock.now(),
    });
    const writes = jobs.map((job): Write => ({ type: "resource.begin", ...key, job, seq }));
    await runs.submit({ run, version, request: null, writes });
    for (const job of jobs) this.#lastRuns.note(pipeline, job, run.id);
    const about = { pipeline, resource: resource.name, job: jobs.join(", "), run: run.id };
    logger.info("a new version of a resource begins a run", about);
  }
}

/** Nobody is to wait for a check that does not come. */
function release({ waiting }: Entry): void {
  for (const tell of waiting.splice(0)) tell();
}

function isNews(versions: readonly ResourceVersion[], from: ResourceVersion | null): boolean {
  const newest = versions.at(-1);
  return newest !== undefined && !(from !== null && Bun.deepEquals(newest, from));
}
