// Whether it is time for a new version of a time resource, as https://github.com/concourse/time-resource decides it. Pure,
// but it needs the time zones of Intl, which scripts have not: it is used where resources are checked outside of runs.

import { AppError } from "../../core/app-error.ts";
import { parseDuration } from "../../core/duration.ts";
import type { JsonObject, Version } from "./plan.ts";

interface TimeSource {
  readonly intervalMs: number | null;
  readonly startMinutes: number | null;
  readonly stopMinutes: number | null;
  /** From 0, a Sunday; empty: every day. */
  readonly days: readonly number[];
  readonly zone: string;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const dayNames = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/**
 * The version there is, and a new one where it is time; `source` has its vars filled.
 * @throws {AppError} VALIDATION_FAILED where a field of the source means nothing.
 */
export function timeCheck(source: JsonObject, from: Version | null, nowMs: number): readonly Version[] {
  const read = parseTimeSource(source);
  const previousMs = from === null ? null : Date.parse(from["time"] ?? "");
  const known = from === null ? [] : [from];
  const isFirst = previousMs === null || Number.isNaN(previousMs);
  const isTime = isFirst && source["initial_version"] === true ? true : isDue(read, isFirst ? null : previousMs, nowMs);
  return isTime ? [...known, { time: new Date(nowMs).toISOString() }] : known;
}

function isDue(source: TimeSource, previousMs: number | null, nowMs: number): boolean {
  const { intervalMs, startMinutes, stopMinutes, days, zone } = source;
  const today = wallTime(nowMs, zone);
  if (days.length > 0 && !days.includes(new Date(today).getUTCDay())) return false;
  const midnight = Math.floor(today / dayMs) * dayMs;
  const onDay = (day: number, minutes: number | null): number => instant(day + (minutes ?? 0) * minuteMs, zone);
  // The last beginning before now, and the first end after it.
  const firstDay = onDay(midnight, startMinutes) > nowMs ? midnight - dayMs : midnight;
  const start = onDay(firstDay, startMinutes);
  const sameDay = onDay(firstDay, stopMinutes);
  const stop = sameDay > start ? sameDay : onDay(firstDay + dayMs, stopMinutes);
  if (nowMs >= stop) return false;
  if (previousMs === null) return true;
  // A version of the future is from before the clock was set back.
  return intervalMs === null ? previousMs < start || previousMs >= stop : Math.abs(nowMs - previousMs) >= intervalMs;
}

/** What clocks of the zone show, as if it were UTC. */
function wallTime(atMs: number, zone: string): number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const get = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(get("year"), get("month") - 1, get("day"), get("hour"), get("minute"), get("second"));
}

/** When clocks of the zone show this. */
function instant(wallMs: number, zone: string): number {
  const guess = wallMs - (wallTime(wallMs, zone) - wallMs);
  return wallMs - (wallTime(guess, zone) - guess);
}

function parseTimeSource(source: JsonObject): TimeSource {
  const { interval, start, stop, days = [], location = "UTC" } = source;
  const zone = typeof location === "string" ? location : JSON.stringify(location);
  try {
    void new Intl.DateTimeFormat("en", { timeZone: zone });
  } catch {
    throw refuse("location", location, 'write a name like "Europe/Berlin"');
  }
  if (!Array.isArray(days)) throw refuse("days", days, "write for example [Monday, Friday]");
  return {
    intervalMs: interval === undefined ? null : parseDuration(interval),
    startMinutes: start === undefined ? null : parseTimeOfDay("start", start),
    stopMinutes: stop === undefined ? null : parseTimeOfDay("stop", stop),
    days: days.map((day) => parseDay(day)),
    zone,
  };
}

function parseDay(day: unknown): number {
  const name = String(day).toLowerCase();
  const index = dayNames.findIndex((each) => each === name || each.slice(0, 3) === name);
  if (index >= 0) return index;
  throw refuse("days", day, `a day is one of ${dayNames.join(", ")}`);
}

/** "3:04 PM", "3PM", "15:04" or "1504", perhaps with an offset as "-0700": minutes since midnight. */
function parseTimeOfDay(field: string, value: unknown): number {
  // YAML makes a number of 0800, without its zero.
  const text = typeof value === "number" ? String(value).padStart(4, "0") : String(value).trim();
  const match =
    /^(?<hour>\d{1,2})(?::(?<minute>\d\d))? ?(?<half>[AP]M)(?: (?<offset>[+-]\d{4}))?$/i.exec(text) ??
    /^(?<hour>\d{1,2}):(?<minute>\d\d)(?: (?<offset>[+-]\d{4}))?$/.exec(text) ??
    /^(?<hour>\d\d)(?<minute>\d\d)(?: (?<offset>[+-]\d{4}))?$/.exec(text);
  const { hour = "", minute = "0", half, offset } = match?.groups ?? {};
  const isHour = half === undefined ? Number(hour) <= 23 : Number(hour) >= 1 && Number(hour) <= 12;
  if (match === null || !isHour || Number(minute) > 59) {
    throw refuse(field, value, 'write it as "3:04 PM", "3PM", "15:04" or "1504"');
  }
  const isAfternoon = half?.toUpperCase() === "PM";
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (isAfternoon ? 12 : 0);
  const minutes = hours * 60 + Number(minute) - parseOffset(offset);
  return ((minutes % 1440) + 1440) % 1440;
}

function parseOffset(offset: string | undefined): number {
  if (offset === undefined) return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3));
  return offset.startsWith("-") ? -minutes : minutes;
}

function refuse(field: string, value: unknown, hint: string): AppError {
  return new AppError("VALIDATION_FAILED", `source.${field} is not valid: ${JSON.stringify(value)}`, { hint });
}
