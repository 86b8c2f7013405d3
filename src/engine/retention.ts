// Removes runs that ended too long ago or are too many, in small steps in the background, and gives the space back.

import type { Clock } from "../core/clock.ts";
import { formatDuration } from "../core/duration.ts";
import type { Catalog } from "../pipelines/pipelines.ts";
import type { EndedRun, RunEndPlace, Store, Write } from "../store/store.ts";
import { deliveryWindowMs } from "./delivery-key.ts";
import { trimEvents } from "./events/trim-events.ts";
import type { RequestRecords } from "./request-records.ts";
import type { RunParts } from "./run-parts.ts";

const dayMs = 24 * 60 * 60 * 1000;
/** What time servers and daylight saving never do to a clock in one go. */
const tolerableJumpMs = 2 * 60 * 60 * 1000;

const unusedCacheMs = 30 * dayMs;

/** The start has other things to do. */
const firstPassMs = 10_000;
const betweenPassesMs = 60_000;
const passesUntilAll = 60;
/** Of one transaction: a few milliseconds' work, which a webhook that shares it waits for. */
const runsAtOnce = 50;
const rowsAtOnce = 500;
/** Entries of an index that are gone through in one read. */
const countedAtOnce = 5000;
/** What is free within the file and stays there, for what comes. */
const keptFreeBytes = 4 * 1024 * 1024;
const keptFreeShare = 0.1;
/** Half of the time at least is left to others. */
const pauseShare = 1;
const leastPauseMs = 5;

export interface RetentionLimits {
  /** Ended runs are kept this long … */
  readonly maxAgeMs: number;
  /** … and at most so many of them. */
  readonly maxRuns: number;
  /** Of events, which are kept as long. */
  readonly maxEvents: number;
}

export interface RetentionOptions extends RetentionLimits {
  /** The place from which on events have still to be looked at, for deliveries; absent: they are for nobody. */
  readonly eventsNeededFrom?: () => number;
  /** Whose configs may say that less of them is kept; absent: there are none. */
  readonly catalog?: Pick<Catalog, "list">;
  readonly requests: Pick<RequestRecords, "removeBefore">;
  readonly parts: Pick<RunParts, "store" | "clock" | "logger"> & {
    readonly files: {
      readonly artifacts: Pick<RunParts["files"]["artifacts"], "removeRun">;
      readonly caches: Pick<RunParts["files"]["caches"], "removeUnused">;
    };
  };
}

/** For a hint about a run that is not there. */
export function retentionText(limits: RetentionLimits | null): string {
  if (limits === null) return "";
  const { maxAgeMs, maxRuns } = limits;
  return `; ended ones are removed after ${inDays(maxAgeMs)}, and beyond the newest ${maxRuns} (--retention, --retention-runs)`;
}

function inDays(ms: number): string {
  return ms < 2 * dayMs ? formatDuration(ms) : `${Math.round(ms / dayMs)} days`;
}

export class Retention {
  readonly #options: RetentionOptions;
  readonly #store: Store;
  readonly #clock: Clock;
  #cancelNext: (() => void) | null = null;
  #passing: Promise<void> | null = null;
  #stopped = false;
  /** Since when, by a clock that nobody sets, the ages of runs have been in doubt. */
  #doubtedSince: number | null = null;
  /** The clock was set ahead while the server ran, and that is not yet believed. */
  #wasSetAhead = false;
  /** How far events were looked through, and in how many passes. */
  #events = { afterSeq: 0, passes: 0 };
  /** What was said last of a cache that cannot be removed. */
  #toldCache: string | null = null;
  #lastLook: { readonly now: number; readonly elapsed: number } | null = null;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#store = options.parts.store;
    this.#clock = options.parts.clock;
  }

  start(): void {
    this.#noteJump(this.#clock.now());
    this.#plan(firstPassMs);
  }

  /** Resolves when nothing more is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelNext?.();
    await this.#passing;
  }

  #plan(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancelNext = this.#clock.after(delayMs, () => {
      this.#passing = this.#tryPass();
      void this.#passing.then(() => this.#plan(betweenPassesMs));
    });
  }

  async #tryPass(): Promise<void> {
    try {
      await this.#pass();
    } catch (thrown) {
      // What failed is tried again in the next pass; a store in trouble says so by itself.
      this.#options.parts.logger.debug("old runs could not be removed", { reason: String(thrown) });
    }
  }

  async #pass(): Promise<void> {
    const cutoff = await this.#findCutoff();
    const surplus = await this.#findSurplus();
    const isRemovable = (run: EndedRun): boolean => run.endedAt < cutoff || isUpTo(run, surplus);
    let removed = await this.#removeRuns(async () =>
      (await this.#store.upkeep.oldestEnded(runsAtOnce)).filter(isRemovable),
    );
    removed += await this.#removeByPipeline(cutoff);
    if (removed > 0) this.#options.parts.logger.info("old runs were removed", { runs: removed });
    while (await this.#is(this.#options.requests.removeBefore(cutoff))) await this.#pause(leastPauseMs);
    const knownSince = cutoff + this.#options.maxAgeMs - deliveryWindowMs;
    while (await this.#is(this.#store.deliveries.hasBefore(knownSince))) {
      await this.#commit([{ type: "delivery.trim_old", before: knownSince }]);
    }
    // Not while the clock is in doubt: steps may be using them.
    if (this.#events.passes % passesUntilAll === 0 && Number.isFinite(cutoff)) await this.#removeCaches();
    await this.#trimEvents(cutoff);
    await this.#giveSpaceBack();
  }

  /** What the configs of pipelines say goes earlier than the rest; not by age while the clock is in doubt. */
  async #removeByPipeline(cutoff: number): Promise<number> {
    let removed = 0;
    for (const { id, version } of this.#options.catalog?.list() ?? []) {
      const limits = version?.config.retention;
      if (limits === undefined) continue;
      const { runs = null, days, minSucceeded = 0 } = limits;
      const isByAge = days !== undefined && Number.isFinite(cutoff);
      const endedSince = isByAge ? this.#clock.now() - days * dayMs : null;
      const stay = { endedSince, newest: runs, newestSucceeded: minSucceeded };
      removed += await this.#removeRuns(async () => await this.#store.upkeep.surplusOf(id, stay, runsAtOnce));
    }
    return removed;
  }

  async #removeCaches(): Promise<void> {
    const { files, logger } = this.#options.parts;
    const { removed: caches, problem } = await files.caches.removeUnused(this.#clock.now() - unusedCacheMs);
    if (problem !== null && problem !== this.#toldCache) logger.warn("a cache cannot be removed", { reason: problem });
    this.#toldCache = problem;
    if (caches > 0) logger.info("caches that no run has used for 30 days were removed", { caches });
  }

  /** What was needed is, an hour later, perhaps not. */
  async #trimEvents(cutoff: number): Promise<void> {
    const { afterSeq, passes } = this.#events;
    const reached = await trimEvents({
      store: this.#store,
      cutoff,
      maxEvents: this.#options.maxEvents,
      neededFrom: this.#options.eventsNeededFrom?.() ?? Number.POSITIVE_INFINITY,
      afterSeq: passes % passesUntilAll === 0 ? 0 : afterSeq,
      commit: async (writes) => await this.#commit(writes),
      isStopped: () => this.#stopped,
    });
    this.#events = { afterSeq: reached, passes: passes + 1 };
  }

  /** The newest of the runs that are too many. */
  async #findSurplus(): Promise<RunEndPlace | null> {
    let place: RunEndPlace | null = null;
    for (let left = this.#options.maxRuns + 1; left > 0 && !this.#stopped; left -= countedAtOnce) {
      place = await this.#store.upkeep.skipEnded(place, Math.min(left, countedAtOnce));
      if (place === null) return null;
      await this.#pause(0);
    }
    return this.#stopped ? null : place;
  }

  /**
   * What ended before this is too old. A clock that was set far ahead would make every run too old at once. It shows
   * by a long time without any end of a run just where the line would be drawn; so does a server that was idle or off
   * for long. A server that was running then has seen the jump itself. In these cases a day passes, by a clock that
   * nobody sets, in which the operator can notice.
   */
  async #findCutoff(): Promise<number> {
    const { maxAgeMs, parts } = this.#options;
    const now = this.#clock.now();
    const cutoff = now - maxAgeMs;
    this.#noteJump(now);
    const { before, after } = await this.#store.upkeep.endsAround(cutoff);
    const gapMs = before === null ? 0 : (after ?? now) - before;
    if (before === null || (gapMs <= maxAgeMs / 2 && !this.#wasSetAhead)) {
      this.#doubtedSince = null;
      return cutoff;
    }
    const doubtMs = Math.min(dayMs, maxAgeMs);
    if (this.#doubtedSince === null) {
      this.#doubtedSince = this.#clock.elapsed();
      const why = this.#wasSetAhead ? "the clock was set ahead" : `after them none ended for ${inDays(gapMs)}`;
      parts.logger.warn(`runs are to be removed for their age, but ${why}: if the clock is wrong, set it now`, {
        clock: new Date(now).toISOString(),
        removal_in: formatDuration(doubtMs),
      });
    }
    if (this.#clock.elapsed() - this.#doubtedSince < doubtMs) return Number.NEGATIVE_INFINITY;
    this.#wasSetAhead = false;
    return cutoff;
  }

  /** Compares the clock with one that nobody sets. */
  #noteJump(now: number): void {
    const elapsed = this.#clock.elapsed();
    const last = this.#lastLook ?? { now, elapsed };
    this.#lastLook = { now, elapsed };
    const jumpMs = now - last.now - (elapsed - last.elapsed);
    if (Math.abs(jumpMs) > tolerableJumpMs) this.#wasSetAhead = jumpMs > 0;
  }

  /** Oldest first, while they are to be removed; how many were. */
  async #removeRuns(find: () => Promise<readonly EndedRun[]>): Promise<number> {
    let removed = 0;
    while (!this.#stopped) {
      const removable = await find();
      const [first] = removable;
      if (first === undefined) break;
      if (first.rows > rowsAtOnce) {
        await this.#trim(first);
        continue;
      }
      const batch = takeWithin(removable, rowsAtOnce);
      await this.#commit(batch.map(({ id }) => ({ type: "run.remove", id })));
      // First the rows: a file without a row is found at the next start, a row without its file would mislead.
      for (const { id, hasArtifacts } of batch) {
        if (hasArtifacts) await this.#options.parts.files.artifacts.removeRun(id);
      }
      removed += batch.length;
    }
    return removed;
  }

  /** A piece of a run that is too large to be removed at once. */
  async #trim({ id }: EndedRun): Promise<void> {
    await this.#commit([
      { type: "run.trim_log", id },
      { type: "run.trim_outcomes", id },
      { type: "run.trim_calls", id },
      { type: "run.trim_deliveries", id },
      { type: "run.trim_observations", id },
    ]);
  }

  async #giveSpaceBack(): Promise<void> {
    const isTooMuch = async (): Promise<boolean> => {
      const { bytes, fileBytes } = await this.#store.upkeep.freeSpace();
      return bytes > Math.max(keptFreeBytes, fileBytes * keptFreeShare);
    };
    while (await this.#is(isTooMuch())) await this.#commit([{ type: "space.give_back" }]);
  }

  /** True where it holds and there is no reason to stop. */
  async #is(condition: Promise<boolean>): Promise<boolean> {
    return (await condition) && !this.#stopped;
  }

  /** The slower the disk and the busier the store, the longer the pause. */
  async #commit(writes: readonly Write[]): Promise<void> {
    const startedAt = this.#clock.elapsed();
    await this.#store.commit(writes);
    await this.#pause(Math.max(leastPauseMs, pauseShare * (this.#clock.elapsed() - startedAt)));
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.after(ms, resolve));
  }
}

function isUpTo(run: RunEndPlace, place: RunEndPlace | null): boolean {
  if (place === null) return false;
  return run.endedAt === place.endedAt ? run.id <= place.id : run.endedAt < place.endedAt;
}

/** The first runs that have no more than so many rows together, but at least one. */
function takeWithin(runs: readonly EndedRun[], maxRows: number): readonly EndedRun[] {
  let rows = 0;
  return runs.filter((run, index) => {
    rows += run.rows;
    return index === 0 || rows <= maxRows;
  });
}
