// The schedules of the pipelines in force, with how far each has come.

import { type AppError, toAppError } from "../core/app-error.ts";
import type { ScheduleConfig } from "../core/pipeline-config.ts";
import { parseScheduleTimes } from "../core/schedule-times.ts";
import type { Catalog } from "../pipelines/pipelines.ts";
import type { StoredSchedule } from "../store/store.ts";
import type { ScheduleProgress } from "./plan-tick.ts";

/** One schedule of a pipeline while it is in force. */
export interface ScheduleEntry extends ScheduleProgress {
  readonly pipeline: string;
  /** Which of the pipeline's it is, over restarts and changes of all that does not move its ticks. */
  readonly id: string;
  readonly timezone: string;
  config: ScheduleConfig;
  doneUntil: number;
  seenUntil: number;
  lastTick: number | null;
  /** The last run that was not skipped. */
  lastRun: string | null;
  /** The store knows of it. */
  isStored: boolean;
  /** It makes up for what it missed, one run after the other. */
  isCatchingUp: boolean;
  /** When it is looked at again; null: not before something changes. */
  lookAt: number | null;
}

export interface ScheduleChanges {
  readonly added: readonly ScheduleEntry[];
  readonly removed: readonly Pick<ScheduleEntry, "pipeline" | "id">[];
}

export class ScheduleList {
  readonly #catalog: Pick<Catalog, "get" | "list">;
  readonly #findLocalZone: () => string;
  #localZone: string | null = null;
  readonly #onProblem: (pipeline: string, error: AppError) => void;
  /** Pipeline → its entries, in the order of its config. */
  readonly #entries = new Map<string, readonly ScheduleEntry[]>();

  /** A config that was good once may name what this system does not know: `onProblem` is told. */
  constructor(
    catalog: Pick<Catalog, "get" | "list">,
    findLocalZone: () => string,
    onProblem: (pipeline: string, error: AppError) => void,
  ) {
    this.#catalog = catalog;
    this.#findLocalZone = findLocalZone;
    this.#onProblem = onProblem;
  }

  /** Begins where an earlier life ended. */
  open(stored: readonly StoredSchedule[], now: number): ScheduleChanges {
    const known = new Map(stored.map((row) => [`${row.pipeline} ${row.schedule}`, row]));
    const added: ScheduleEntry[] = [];
    for (const { id: pipeline } of this.#catalog.list()) {
      for (const entry of this.update(pipeline, now).added) {
        const row = known.get(`${pipeline} ${entry.id}`);
        known.delete(`${pipeline} ${entry.id}`);
        if (row === undefined) added.push(entry);
        else adopt(entry, row);
      }
    }
    return { added, removed: [...known.values()].map(({ pipeline, schedule }) => ({ pipeline, id: schedule })) };
  }

  /** Brings the entries of a pipeline up to its config; one whose ticks are others begins afresh. */
  update(pipeline: string, now: number): ScheduleChanges {
    const configs = this.#catalog.get(pipeline)?.version?.config.schedules ?? [];
    const before = this.of(pipeline);
    const entries = configs.flatMap((config) => {
      const id = identify(config);
      const kept = before.find((entry) => entry.id === id);
      if (kept === undefined) return this.#create(pipeline, id, config, now);
      kept.config = config;
      kept.lookAt = now;
      return [kept];
    });
    if (entries.length > 0) this.#entries.set(pipeline, entries);
    else this.#entries.delete(pipeline);
    return {
      added: entries.filter((entry) => !before.includes(entry)),
      removed: before.filter((entry) => !entries.includes(entry)),
    };
  }

  of(pipeline: string): readonly ScheduleEntry[] {
    return this.#entries.get(pipeline) ?? [];
  }

  /** In order of pipelines. */
  all(): readonly ScheduleEntry[] {
    return [...this.#entries.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, entries]) => entries);
  }

  has(entry: ScheduleEntry): boolean {
    return this.of(entry.pipeline).includes(entry);
  }

  #create(pipeline: string, id: string, config: ScheduleConfig, now: number): readonly ScheduleEntry[] {
    const timezone = config.timezone ?? (this.#localZone ??= this.#findLocalZone());
    try {
      const times = parseScheduleTimes(config.cron, timezone);
      const progress = { seed: `${pipeline} ${id}`, doneUntil: now, seenUntil: now, lastTick: null, lastRun: null };
      const state = { isStored: false, isCatchingUp: false, lookAt: now };
      return [{ pipeline, id, config, timezone, times, ...progress, ...state }];
    } catch (thrown) {
      this.#onProblem(pipeline, toAppError(thrown));
      return [];
    }
  }
}

/** Takes over how far it has come, as it is stored. */
export function adopt(entry: ScheduleEntry, row: StoredSchedule): void {
  entry.doneUntil = row.doneUntil;
  entry.seenUntil = row.doneUntil;
  entry.lastTick = row.lastTick;
  entry.lastRun = row.lastRun;
  entry.isStored = true;
}

function identify({ cron, timezone, params }: ScheduleConfig): string {
  return JSON.stringify([cron.trim().replaceAll(/\s+/g, " "), timezone, params]);
}
