// A schedule as JSON: as its pipeline's config says it, and as it stands.

import type { ParamValues, ScheduleConfig } from "../core/pipeline-config.ts";
import { timeToJson } from "../core/run-json.ts";
import type { ScheduleOverview } from "../engine/engine.ts";

export interface ScheduleConfigJson {
  readonly cron: string;
  /** null: that of the server. */
  readonly timezone: string | null;
  readonly jitter_ms: number;
  readonly catch_up: ScheduleConfig["catchUp"];
  readonly overlap: boolean;
  readonly params: ParamValues;
}

export interface ScheduleJson {
  readonly pipeline: string;
  /** As written in the config. */
  readonly schedule: string;
  readonly timezone: string;
  readonly params: ParamValues;
  readonly next: readonly string[];
  /** The last tick that had a run, begun or skipped. */
  readonly last: string | null;
  /** The last run that was not skipped. */
  readonly last_run: string | null;
  readonly paused: boolean;
}

export function scheduleConfigToJson(config: ScheduleConfig): ScheduleConfigJson {
  const { cron, timezone, jitterMs, catchUp, overlap, params } = config;
  return { cron, timezone, jitter_ms: jitterMs, catch_up: catchUp, overlap, params };
}

export function scheduleToJson(schedule: ScheduleOverview): ScheduleJson {
  const { pipeline, config, timezone, next, lastTick, lastRun, paused } = schedule;
  return {
    pipeline,
    schedule: config.cron,
    timezone,
    params: config.params,
    next: next.map(timeToJson),
    last: lastTick === null ? null : timeToJson(lastTick),
    last_run: lastRun,
    paused,
  };
}
