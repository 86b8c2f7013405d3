// What is to be done about a schedule at a moment: wait, begin the run of one tick, or let missed ticks be.

import type { ScheduleConfig } from "../core/pipeline-config.ts";
import type { ScheduleTimes } from "../core/schedule-times.ts";

export interface ScheduleProgress {
  readonly config: ScheduleConfig;
  readonly times: ScheduleTimes;
  /** Tells its jitter from that of others. */
  readonly seed: string;
  /** Ticks up to this time are dealt with. */
  readonly doneUntil: number;
  /** Ticks up to this time came while somebody looked: they are not missed, however long their record takes. */
  readonly seenUntil: number;
}

export type TickPlan =
  /** Until a time; null: for ever. */
  | { readonly type: "wait"; readonly dueAt: number | null }
  | {
      readonly type: "run";
      readonly tick: number;
      /** Ticks before it that will have no run. */
      readonly missed: number;
      /** It comes at its time, and no other is due: not one that is caught up with. */
      readonly isInTime: boolean;
    }
  /** Ticks up to this time will have no run. */
  | { readonly type: "drop"; readonly until: number; readonly missed: number };

/** A server that is restarted at the tick, or late for another reason, does not miss it. */
const graceMs = 60_000;
const maxCaughtUp = 100;
/** Up to so many ticks are found one by one, which is the common case, and cheaper. */
const fewTicks = 3;

export function planTick(progress: ScheduleProgress, now: number): TickPlan {
  const { config, times, doneUntil, seenUntil } = progress;
  const dueAt = (tick: number): number => tick + jitterOf(progress, tick);
  const passed = passedTicks(progress, now);
  // In the order of the ticks, whatever their jitter is.
  const notDue = passed.findIndex((tick) => dueAt(tick) > now);
  const due = notDue === -1 ? passed : passed.slice(0, notDue);
  const [first, last] = [due[0], due.at(-1)];
  if (first === undefined || last === undefined) {
    const next = passed[0] ?? times.next(Math.max(doneUntil, now));
    return { type: "wait", dueAt: next === null ? null : dueAt(next) };
  }
  const isInTime = last <= seenUntil || now - dueAt(last) <= graceMs;
  if (config.catchUp === "all") return { type: "run", tick: first, missed: 0, isInTime: isInTime && due.length === 1 };
  if (config.catchUp === "last" || isInTime) return { type: "run", tick: last, missed: due.length - 1, isInTime };
  return { type: "drop", until: last, missed: due.length };
}

/** The newest that are not dealt with, in their order. */
function passedTicks({ times, doneUntil }: ScheduleProgress, now: number): readonly number[] {
  const found: number[] = [];
  for (let tick = times.next(doneUntil); tick !== null && tick <= now; tick = times.next(tick)) {
    if (found.length === fewTicks) return times.latest(maxCaughtUp, doneUntil, now);
    found.push(tick);
  }
  return found;
}

/** Always the same for the same tick, so that a restart changes nothing. */
function jitterOf({ config, seed }: ScheduleProgress, tick: number): number {
  return config.jitterMs === 0 ? 0 : Bun.hash.crc32(`${seed} ${tick}`) % (config.jitterMs + 1);
}
