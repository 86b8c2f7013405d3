// Looks at the resources of pipelines from time to time, and has the jobs begun that wait for new versions.

import { toAppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import type { ResourceConfig } from "../../core/pipeline-config.ts";
import type { ResourceVersion } from "../../core/resource-version.ts";
import { type Catalog, type PipelineVersion, resourceScope } from "../../pipelines/pipelines.ts";
import type { ResourceKey, Store } from "../../store/store.ts";
import type { Logger, Redactor } from "../../telemetry/telemetry.ts";
import type { PipelinePauses } from "../pipeline-pauses.ts";
import { checkOutside, type CheckParts } from "./check-outside.ts";
import { foundWrites, keyOf } from "./resource-call.ts";
import { VersionRuns, type VersionRunsOptions } from "./version-runs.ts";

export interface ResourceCheckerOptions extends CheckParts, Omit<VersionRunsOptions, "over"> {
  readonly store: Pick<Store, "commit" | "resources" | "runs">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redactor: Pick<Redactor, "text">;
  readonly catalog: Pick<Catalog, "get" | "list" | "watchChanges">;
  readonly pauses: Pick<PipelinePauses, "isPaused">;
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
  /** There may be jobs to begin that wait for the first look at another resource of theirs. */
  isHeld: boolean;
  /** Called when a check that begins from now on is done, or none comes any more. */
  readonly waiting: (() => void)[];
}

const concurrentChecks = 4;
/** Of the first check, so that a hundred do not begin at once. */
const firstSpreadMs = 2000;
const longestBackoffMs = 60 * 60 * 1000;
/** Of jobs whose pipeline was paused before the first look. */
const longestHoldMs = 60 * 1000;

const unseen = { lastCheck: null, failures: 0, isBusy: false, isHeld: false } as const;

export class ResourceChecker {
  readonly #options: ResourceCheckerOptions;
  readonly #versionRuns: VersionRuns;
  #entries: Entry[] = [];
  #unwatch: (() => void) | null = null;
  #stopClock: (() => void) | null = null;
  readonly #checking = new Set<Promise<void>>();
  readonly #over = new AbortController();

  constructor(options: ResourceCheckerOptions) {
    this.#options = options;
    this.#versionRuns = new VersionRuns({ ...options, over: this.#over.signal });
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
      if (known === undefined) return [{ ...unseen, pipeline, version, resource, key, nextAt: dueAt, waiting: [] }];
      // What it is held for may be gone.
      const isWanted = known.waiting.length > 0 || known.isHeld;
      return [Object.assign(known, { version, resource, nextAt: isWanted ? now : dueAt })];
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
    const { clock, pauses, logger } = this.#options;
    const { pipeline, resource } = entry;
    if (pauses.isPaused(pipeline)) {
      this.#putOff(entry);
      return;
    }
    entry.nextAt = clock.elapsed() + everyMsOf(entry);
    try {
      await this.#look(entry);
      if (entry.failures > 0) logger.info("a resource can be checked again", { pipeline, resource: resource.name });
      entry.failures = 0;
      entry.lastCheck = { at: clock.now(), error: null };
    } catch (thrown) {
      this.#failed(entry, thrown);
    }
    await this.#beginHeld(pipeline);
  }

  #failed(entry: Entry, thrown: unknown): void {
    const { clock, pauses, logger, redactor } = this.#options;
    const { pipeline, resource } = entry;
    if (this.#isGone(entry)) return;
    // It was paused meanwhile, and may begin nothing.
    if (pauses.isPaused(pipeline)) {
      this.#putOff(entry);
      return;
    }
    entry.failures++;
    const everyMs = everyMsOf(entry);
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

  /** Its pipeline is paused. What jobs wait for is looked at soon after that is over. */
  #putOff(entry: Entry): void {
    const everyMs = everyMsOf(entry);
    const isSoon = entry.lastCheck === null && Number.isFinite(everyMs);
    entry.nextAt = this.#options.clock.elapsed() + (isSoon ? Math.min(everyMs, longestHoldMs) : everyMs);
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

  async #begin(entry: Entry): Promise<void> {
    entry.isHeld = false;
    await this.#versionRuns.begin(entry, {
      isGone: () => this.#isGone(entry),
      isHeld: (job) => this.#isHeld(entry, job),
    });
  }

  /** What waited for the first look at another resource, which may be over. */
  async #beginHeld(pipeline: string): Promise<void> {
    for (const entry of this.#entries.filter((each) => each.pipeline === pipeline && each.isHeld)) {
      try {
        await this.#begin(entry);
      } catch (thrown) {
        entry.isHeld = true;
        this.#failed(entry, thrown);
      }
    }
  }

  /** One run is to begin for all that is new to a job at the first sight of its resources, or after the server was away. */
  #isHeld(entry: Entry, job: string): boolean {
    const others = this.#entries.filter((each) => each.pipeline === entry.pipeline && each !== entry);
    const isHeld = others.some((each) => isAwaited(each) && each.resource.triggers.some((of) => of.job === job));
    if (isHeld) entry.isHeld = true;
    return isHeld;
  }

  /** Nothing of it is to be begun any more: the server stops, or its pipeline has it no longer. */
  #isGone(entry: Entry): boolean {
    return this.#stopped || !this.#entries.includes(entry);
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

/** The first look at it in this life of the server is to come, or under way. */
function isAwaited({ lastCheck, isBusy, nextAt }: Entry): boolean {
  return lastCheck === null && (isBusy || Number.isFinite(nextAt));
}

/** Infinite where it is checked only when that is asked for. */
function everyMsOf({ resource }: Entry): number {
  return resource.checkEveryMs ?? Number.POSITIVE_INFINITY;
}
