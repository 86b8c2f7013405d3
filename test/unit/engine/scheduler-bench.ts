// Schedulers, one life after the other, over a store in memory that applies a commit as a whole or not at all.

import { AppError } from "../../../src/core/app-error.ts";
import type { PipelineConfig, ScheduleConfig } from "../../../src/core/pipeline-config.ts";
import type { FinalRunStatus } from "../../../src/core/run.ts";
import { Scheduler } from "../../../src/engine/scheduler.ts";
import type { Pipeline } from "../../../src/pipelines/pipelines.ts";
import type { NewRun, Store, StoredSchedule, Write } from "../../../src/store/store.ts";
import { settlePromises } from "./manual-clock.ts";
import { SettableClock } from "./settable-clock.ts";

export function schedule(cron: string, changes: Partial<ScheduleConfig> = {}): ScheduleConfig {
  return { cron, timezone: null, jitterMs: 0, catchUp: "none", overlap: false, params: {}, ...changes };
}

export interface RecordedRun {
  readonly run: NewRun;
  status: "queued" | FinalRunStatus;
  readonly code: string | undefined;
}

const full = new AppError("STORE_UNAVAILABLE", "cannot commit: the disk is full");

export class SchedulerBench {
  readonly clock: SettableClock;
  readonly runs: RecordedRun[] = [];
  readonly rows = new Map<string, StoredSchedule>();
  readonly paused = new Set<string>();
  readonly logged: string[] = [];
  /** What a commit meets: it fails, or only says so, or the server dies before or after it has reached the disk. */
  disk: "works" | "full" | "lies" | "dies before" | "dies after" = "works";
  /** Runs end at once; else when the test ends them. */
  endsAtOnce = true;
  queueFull = false;
  notReady = false;
  scheduler: Scheduler;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #listeners = new Set<(id: string) => void>();
  #dead = false;
  #lastId = 0;

  constructor(startsAt: string) {
    this.clock = new SettableClock(startsAt);
    this.scheduler = this.#create();
  }

  /** Puts a pipeline in force, or another version of it. */
  set(id: string, schedules: readonly ScheduleConfig[], config: Partial<PipelineConfig> = {}): void {
    const bundle = { hash: id, code: "", sourceMap: "" };
    const full_ = { webhook: {}, params: {}, schedules, ...config };
    const version = { bundle, config: full_, file: `${id}.ts`, loadedAt: 0 };
    this.#pipelines.set(id, { id, file: `${id}.ts`, state: "ok", version, problems: [] });
    for (const listener of this.#listeners) listener(id);
  }

  remove(id: string): void {
    this.#pipelines.delete(id);
    for (const listener of this.#listeners) listener(id);
  }

  async start(): Promise<void> {
    await this.scheduler.start();
    await settlePromises();
  }

  /** The server dies, is down for a while, and a new life begins. */
  async restart(downMs = 0): Promise<void> {
    this.#dead = true;
    this.#listeners.clear();
    // It does not resolve where a commit never does.
    void this.scheduler.stop();
    await this.clock.pass(downMs);
    this.#dead = false;
    this.disk = "works";
    this.scheduler = this.#create();
    await this.start();
  }

  end(tick: string): void {
    for (const each of this.runs) if (tickOf(each.run) === tick) each.status = "succeeded";
  }

  /** Ticks of the runs that were begun, as `03:00` where all are of one day, in order of their creation. */
  get begun(): readonly string[] {
    return this.runs.filter(({ status }) => status !== "skipped").map(({ run }) => tickOf(run));
  }

  get skipped(): readonly (readonly [string, string | undefined])[] {
    return this.runs.filter(({ status }) => status === "skipped").map(({ run, code }) => [tickOf(run), code]);
  }

  #create(): Scheduler {
    const log = (message: string, fields?: object): void =>
      void this.logged.push(`${message} ${JSON.stringify(fields)}`);
    const store = {
      commit: async (writes: readonly Write[]) => await this.#commit(writes),
      schedules: { all: async () => [...this.rows.values()] },
      runs: {
        findKept: async (id: string) => {
          const found = this.runs.find(({ run }) => run.id === id);
          return found && { run: found.run, status: found.status };
        },
      },
    } as unknown as Store;
    return new Scheduler({
      store,
      clock: this.clock,
      logger: { debug: log, info: log, warn: log, error: log },
      catalog: {
        get: (id) => this.#pipelines.get(id),
        list: () => [...this.#pipelines.values()],
        watchChanges: (listener) => {
          this.#listeners.add(listener);
          return () => this.#listeners.delete(listener);
        },
      },
      pauses: { isPaused: (id) => this.paused.has(id) },
      runs: {
        submit: async ({ run, writes }) => {
          if (this.queueFull) throw new AppError("QUEUE_FULL", "too many wait");
          await this.#commit([...writes, { type: "run.create", run }]);
        },
        skip: async ({ run, writes }, error) => {
          const finish = { type: "run.finish", id: run.id, status: "skipped", result: null, error, at: 0 } as const;
          await this.#commit([...writes, { type: "run.create", run }, finish]);
        },
      },
      findLocalZone: () => "UTC",
      newId: () => `run-${++this.#lastId}`,
      checkReady: () => {
        if (this.notReady) throw new AppError("DISK_LOW", "no room");
      },
    });
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    if (this.#dead || this.disk === "dies before") {
      this.#dead = true;
      await new Promise(() => {});
    }
    await Promise.resolve();
    if (this.disk === "full") throw full;
    const rows = new Map(this.rows);
    for (const write of writes) applySchedule(rows, write);
    this.rows.clear();
    for (const [key, row] of rows) this.rows.set(key, row);
    for (const write of writes) this.#applyRun(write);
    if (this.disk === "lies") throw full;
    if (this.disk === "dies after") {
      this.#dead = true;
      await new Promise(() => {});
    }
  }

  #applyRun(write: Write): void {
    if (write.type === "run.create") {
      this.runs.push({ run: write.run, status: this.endsAtOnce ? "succeeded" : "queued", code: undefined });
    }
    if (write.type !== "run.finish") return;
    const index = this.runs.findIndex(({ run }) => run.id === write.id);
    const found = this.runs[index];
    if (found !== undefined) this.runs[index] = { run: found.run, status: write.status, code: write.error?.code };
  }
}

function applySchedule(rows: Map<string, StoredSchedule>, write: Write): void {
  if (write.type !== "schedule.put" && write.type !== "schedule.tick" && write.type !== "schedule.remove") return;
  const { pipeline, schedule: name } = write;
  const key = `${pipeline} ${name}`;
  const row = rows.get(key);
  if (write.type === "schedule.remove") rows.delete(key);
  else if (write.type === "schedule.put") {
    const kept = row ?? { pipeline, schedule: name, lastTick: null, lastRun: null };
    rows.set(key, { ...kept, doneUntil: write.doneUntil });
  } else {
    if (row === undefined || row.doneUntil >= write.tick) throw new AppError("INTERNAL", "the tick was dealt with");
    const lastRun = write.runId ?? row.lastRun;
    rows.set(key, { ...row, doneUntil: write.tick, lastTick: write.tick, lastRun });
  }
}

function tickOf({ scheduledAt }: NewRun): string {
  return new Date(scheduledAt ?? 0).toISOString().replace(/^.*T(\d\d:\d\d):.*$/, "$1");
}
