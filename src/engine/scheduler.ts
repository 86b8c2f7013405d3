// Begins the runs of schedules: exactly one for each tick, also across a crash at the tick.
//
// That a tick is dealt with is recorded in the transaction that creates its run, so a crash leaves both or neither.

import { AppError, type ErrorCode, toAppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import type { ParamValues } from "../core/pipeline-config.ts";
import { isFinal, type RunError } from "../core/run.ts";
import type { Catalog } from "../pipelines/pipelines.ts";
import type { NewRun, Store, Write } from "../store/store.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import { newRun } from "./new-run.ts";
import type { PipelinePauses } from "./pipeline-pauses.ts";
import { planTick, type TickPlan } from "./plan-tick.ts";
import { resolveParams } from "./resolve-params.ts";
import { plainError } from "./run-end.ts";
import type { RunRegistry } from "./run-registry.ts";
import { adopt, type ScheduleEntry, ScheduleList } from "./schedule-list.ts";

export interface SchedulerOptions {
  readonly store: Pick<Store, "commit" | "schedules" | "runs">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly catalog: Pick<Catalog, "get" | "list" | "watchChanges">;
  readonly pauses: Pick<PipelinePauses, "isPaused">;
  readonly runs: Pick<RunRegistry, "submit" | "skip">;
  /** IANA name, of schedules that name none: asked for once, by the first of them. */
  readonly findLocalZone: () => string;
  readonly newId: () => string;
  /** @throws {AppError} where no new runs are taken now. */
  readonly checkReady: () => void;
}

/** A schedule as it is shown. */
export interface ScheduleOverview extends Pick<
  ScheduleEntry,
  "pipeline" | "config" | "timezone" | "lastTick" | "lastRun"
> {
  /** The next ticks; none while its pipeline is paused. */
  readonly next: readonly number[];
  readonly paused: boolean;
}

/** A clock that somebody sets is noticed within this time. */
const longestLookMs = 60_000;
const retryMs = 1000;
/** As cron does: a clock that is set back by less repeats no tick, one that is set back by more was wrong before. */
const tolerableSetbackMs = 3 * 60 * 60 * 1000;
const shownTicks = 5;
const stopAfterMs = 2000;
/** Nobody is there who could be told to try again with that. */
const skipping: readonly ErrorCode[] = ["QUEUE_FULL", "PARAM_INVALID"];

type RunPlan = Extract<TickPlan, { readonly type: "run" }>;

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #list: ScheduleList;
  #unwatch: (() => void) | null = null;
  #stopClock: (() => void) | null = null;
  #looking: Promise<void> | null = null;
  #lookAgain = false;
  /** By a clock that nobody sets. */
  #lookedAtAll = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { catalog, findLocalZone, logger } = options;
    this.#list = new ScheduleList(catalog, findLocalZone, (pipeline, error) =>
      logger.error("a schedule cannot be followed", { pipeline, reason: error.message }),
    );
  }

  /** Resolves when the schedules are known; what is due begins then. */
  async start(): Promise<void> {
    const { store, catalog, clock } = this.#options;
    const { added, removed } = this.#list.open(await store.schedules.all(), clock.now());
    this.#store([...added.map(toPut), ...removed.map(toRemove)], added);
    this.#unwatch = catalog.watchChanges((pipeline) => this.#update(pipeline));
    this.#poke();
  }

  /** Resolves when nothing more is begun; a disk that does not answer must not hold up the end of the server. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unwatch?.();
    this.#stopClock?.();
    if (this.#looking === null) return;
    const { promise: waited, resolve } = Promise.withResolvers<void>();
    const stopWaiting = this.#options.clock.after(stopAfterMs, resolve);
    await Promise.race([this.#looking, waited]);
    stopWaiting();
  }

  list(): readonly ScheduleOverview[] {
    const now = this.#options.clock.now();
    return this.#list.all().map((entry) => {
      const { pipeline, config, timezone, lastTick, lastRun } = entry;
      const paused = this.#options.pauses.isPaused(pipeline);
      const next = paused ? [] : nextTicks(entry, now);
      return { pipeline, config, timezone, lastTick, lastRun, next, paused };
    });
  }

  /** What is to be recorded when a pipeline is resumed: the ticks until now were meant to be left out. */
  resumeWrites(pipeline: string): readonly Write[] {
    const now = this.#options.clock.now();
    return this.#list.of(pipeline).map((entry) => {
      entry.doneUntil = Math.max(entry.doneUntil, now);
      return toPut(entry);
    });
  }

  /** To be called when a pipeline has been resumed. */
  resumed(pipeline: string): void {
    for (const entry of this.#list.of(pipeline)) entry.lookAt = this.#options.clock.now();
    this.#poke();
  }

  #update(pipeline: string): void {
    const { added, removed } = this.#list.update(pipeline, this.#options.clock.now());
    this.#store([...added.map(toPut), ...removed.map(toRemove)], added);
    this.#poke();
  }

  /** What cannot be stored now is stored with the first tick, or forgotten at the next start. */
  #store(writes: readonly Write[], entries: readonly ScheduleEntry[]): void {
    if (writes.length === 0) return;
    void this.#options.store.commit(writes).then(
      () => entries.forEach((entry) => (entry.isStored = true)),
      (thrown: unknown) =>
        this.#options.logger.debug("a schedule could not be stored", { reason: toAppError(thrown).message }),
    );
  }

  #poke(): void {
    if (this.#stopped) return;
    this.#stopClock?.();
    if (this.#looking !== null) {
      this.#lookAgain = true;
      return;
    }
    this.#lookAgain = false;
    this.#looking = this.#look().finally(() => {
      this.#looking = null;
      if (this.#lookAgain) this.#poke();
      else this.#arm();
    });
  }

  async #look(): Promise<void> {
    const { clock } = this.#options;
    const now = clock.now();
    // From time to time at all of them: the clock may have been set.
    const isFull = clock.elapsed() - this.#lookedAtAll >= longestLookMs;
    if (isFull) this.#lookedAtAll = clock.elapsed();
    const entries = this.#list.all().filter(({ lookAt }) => isFull || (lookAt !== null && lookAt <= now));
    await Promise.all(entries.map(async (entry) => await this.#deal(entry)));
  }

  #arm(): void {
    if (this.#stopped) return;
    const { clock, pauses } = this.#options;
    const looks = this.#list.all().flatMap(({ pipeline, lookAt }) => (pauses.isPaused(pipeline) ? [] : (lookAt ?? [])));
    if (looks.length === 0) return;
    const delayMs = Math.min(Math.max(0, Math.min(...looks) - clock.now()), longestLookMs);
    this.#stopClock = clock.after(delayMs, () => this.#poke());
  }

  /** Does what is to be done about a schedule now, and notes when to look at it again. */
  async #deal(entry: ScheduleEntry): Promise<void> {
    const { clock, pauses, logger } = this.#options;
    try {
      while (!this.#stopped && this.#list.has(entry) && !pauses.isPaused(entry.pipeline)) {
        const now = clock.now();
        if (entry.doneUntil > now + tolerableSetbackMs) await this.#beginAfresh(entry, now);
        const plan = planTick(entry, now);
        if (plan.type === "wait") {
          entry.isCatchingUp = false;
          entry.lookAt = plan.dueAt;
          return;
        }
        if (plan.type === "drop") this.#drop(entry, plan.until, plan.missed);
        else if (!(await this.#begin(entry, plan))) return;
      }
    } catch (thrown) {
      const error = toAppError(thrown);
      const mayPass = error.class.retryable || error.code === "PIPELINE_PAUSED";
      logger[mayPass ? "debug" : "error"]("a run could not be begun at its time; it is tried again", {
        pipeline: entry.pipeline,
        reason: error.message,
      });
      if (!mayPass) await this.#reload(entry);
      entry.lookAt = clock.now() + (mayPass ? retryMs : longestLookMs);
    }
  }

  /** False where the tick has to wait: those that were missed have their runs one after the other. */
  async #begin(entry: ScheduleEntry, plan: RunPlan): Promise<boolean> {
    const { config, lastRun } = entry;
    if (plan.isInTime) entry.seenUntil = Math.max(entry.seenUntil, plan.tick);
    const isBusy = !config.overlap && lastRun !== null && (await this.#isUnfinished(lastRun));
    if (isBusy && config.catchUp === "all" && (entry.isCatchingUp || !plan.isInTime)) {
      entry.isCatchingUp = true;
      entry.lookAt = this.#options.clock.now() + retryMs;
      return false;
    }
    await this.#record(entry, plan.tick, isBusy);
    if (plan.missed > 0) this.#tellMissed(entry, plan.missed);
    if (!plan.isInTime) entry.isCatchingUp = true;
    return true;
  }

  async #isUnfinished(runId: string): Promise<boolean> {
    const kept = await this.#options.store.runs.findKept(runId);
    return kept !== undefined && !isFinal(kept.status);
  }

  /** Records the tick with its run; one that may not begin is skipped, for all to see. */
  async #record(entry: ScheduleEntry, tick: number, isBusy: boolean): Promise<void> {
    const { catalog, clock, newId, runs, checkReady } = this.#options;
    const { pipeline, config } = entry;
    checkReady();
    const version = catalog.get(pipeline)?.version ?? null;
    if (version === null) throw new AppError("PIPELINE_PAUSED", `pipeline ${pipeline} is being removed`);
    const id = newId();
    const times = { createdAt: clock.now(), scheduledAt: tick };
    const create = (params: ParamValues): NewRun =>
      newRun({ id, pipeline, trigger: "schedule", bundleHash: version.bundle.hash, params, ...times });
    const writes = (runId: string | null): readonly Write[] => [
      ...(entry.isStored ? [] : [toPut(entry)]),
      { type: "schedule.tick", pipeline, schedule: entry.id, tick, runId },
    ];
    let lastRun = entry.lastRun;
    const skip = async (error: RunError): Promise<void> =>
      await runs.skip({ run: create(config.params), writes: writes(null) }, error);
    if (isBusy) await skip(overlapError(lastRun ?? ""));
    else {
      try {
        const run = create(resolveParams(version.config, config.params, "schedule"));
        await runs.submit({ run, version, request: null, writes: writes(id) });
        lastRun = id;
      } catch (thrown) {
        if (!(thrown instanceof AppError) || !skipping.includes(thrown.code)) throw thrown;
        await skip(plainError(thrown.code, thrown.message, thrown.hint ?? null));
      }
    }
    entry.doneUntil = tick;
    entry.lastTick = tick;
    entry.lastRun = lastRun;
    entry.isStored = true;
  }

  #drop(entry: ScheduleEntry, until: number, missed: number): void {
    entry.doneUntil = until;
    this.#tellMissed(entry, missed);
  }

  #tellMissed({ pipeline, config }: ScheduleEntry, missed: number): void {
    const { cron, catchUp } = config;
    this.#options.logger.info("ticks of a schedule passed without a run", {
      pipeline,
      schedule: cron,
      ticks: missed,
      catch_up: catchUp,
    });
  }

  async #beginAfresh(entry: ScheduleEntry, now: number): Promise<void> {
    entry.doneUntil = now;
    entry.seenUntil = now;
    await this.#options.store.commit([toPut(entry)]);
  }

  /** What is stored may be further than what is known here. */
  async #reload(entry: ScheduleEntry): Promise<void> {
    const rows = await this.#options.store.schedules.all().catch(() => null);
    if (rows === null) return;
    const row = rows.find(({ pipeline, schedule }) => pipeline === entry.pipeline && schedule === entry.id);
    if (row === undefined) entry.isStored = false;
    else if (row.doneUntil > entry.doneUntil) adopt(entry, row);
  }
}

function nextTicks({ times, doneUntil }: ScheduleEntry, now: number): readonly number[] {
  const ticks: number[] = [];
  for (let at: number | null = Math.max(now, doneUntil); ticks.length < shownTicks; ticks.push(at)) {
    at = times.next(at);
    if (at === null) break;
  }
  return ticks;
}

function overlapError(lastRun: string): RunError {
  const hint = "write overlap: true in the schedule to have it begin all the same";
  return plainError("SCHEDULE_OVERLAP", `run ${lastRun} of the same schedule is not over`, hint);
}

function toPut({ pipeline, id, doneUntil }: ScheduleEntry): Write {
  return { type: "schedule.put", pipeline, schedule: id, doneUntil };
}

function toRemove({ pipeline, id }: Pick<ScheduleEntry, "pipeline" | "id">): Write {
  return { type: "schedule.remove", pipeline, schedule: id };
}
