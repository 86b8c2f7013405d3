// Functions that make dates and durations, and the methods of those: https://expr-lang.org/docs/language-definition#date-functions.

import { type Arguments, callable, type Callables } from "./arguments.ts";
import { ConditionError, quote } from "./condition-error.ts";
import { findTime, formatTime, knownLayouts, yearDay } from "./go-layout.ts";
import { Duration, floorDivide, loadZone, parseDuration, Time, utc, Zone } from "./go-time.ts";

/** A unit is about 50 ns. */
const unitsToLoadZone = 20_000;
const unitsToLookAtZone = 800;

const defaultLayouts = [
  "2006-01-02",
  "15:04:05",
  "2006-01-02 15:04:05",
  knownLayouts.rfc3339,
  knownLayouts.rfc822,
  knownLayouts.rfc850,
  knownLayouts.rfc1123,
];

export const timeFunctions: Callables = {
  now: callable(0, 1, (given) => {
    const zone = given.count === 0 ? findZone(given, "Local") : given.zone(0);
    return new Time(BigInt(Math.trunc(given.evaluation.now())) * 1_000_000n, zone);
  }),
  duration: callable(1, 1, (given) => parseDuration(given.text(0))),
  date: callable(1, 4, parseDate),
  timezone: callable(1, 1, (given) => findZone(given, given.text(0))),
};

/** Counted whether another evaluation had the zone or not: a replay comes to the same end. */
function findZone({ evaluation }: Arguments, name: string): Zone {
  const known = evaluation.zones.get(name);
  if (known !== undefined) return known;
  const { meter } = evaluation;
  meter.spend(unitsToLoadZone);
  const zone = loadZone(name).watched(() => meter.spend(unitsToLookAtZone));
  evaluation.zones.set(name, zone);
  return zone;
}

/** `date([timezone, ]text[, layout[, timezone]])`. */
function parseDate(given: Arguments): Time {
  const first = given.values[0] instanceof Zone ? 1 : 0;
  const text = given.text(first);
  const hasLayout = given.count > first + 1;
  const layouts = hasLayout ? [given.text(first + 1)] : defaultLayouts;
  const zone = given.count > first + 2 ? findZone(given, given.text(first + 2)) : first === 1 ? given.zone(0) : utc;
  for (const layout of layouts) {
    const time = findTime(text, layout, zone);
    if (time !== undefined) return time;
  }
  const shown = quote(text);
  throw new ConditionError(hasLayout ? `${shown} does not have the layout ${layouts.join()}` : `${shown} is no date`);
}

/** The first argument is what the method is called on. */
export const timeMethods: Callables = {
  Year: callable(1, 1, (given) => given.time(0).local.getUTCFullYear()),
  Month: callable(1, 1, (given) => given.time(0).local.getUTCMonth() + 1),
  Day: callable(1, 1, (given) => given.time(0).local.getUTCDate()),
  Hour: callable(1, 1, (given) => given.time(0).local.getUTCHours()),
  Minute: callable(1, 1, (given) => given.time(0).local.getUTCMinutes()),
  Second: callable(1, 1, (given) => given.time(0).local.getUTCSeconds()),
  Nanosecond: callable(1, 1, (given) => given.time(0).nanosecond),
  Weekday: callable(1, 1, (given) => given.time(0).local.getUTCDay()),
  YearDay: callable(1, 1, (given) => yearDay(given.time(0))),
  Unix: callable(1, 1, (given) => Number(floorDivide(given.time(0).unixNs, 1_000_000_000n))),
  UnixMilli: callable(1, 1, (given) => given.time(0).unixMs),
  UnixMicro: callable(1, 1, (given) => Number(floorDivide(given.time(0).unixNs, 1000n))),
  UnixNano: callable(1, 1, (given) => Number(given.time(0).unixNs)),
  Format: callable(2, 2, (given) => formatTime(given.time(0), given.text(1))),
  String: callable(1, 1, (given) => formatTime(given.time(0), knownLayouts.text)),
  Add: callable(2, 2, (given) => given.time(0).add(given.duration(1))),
  Sub: callable(2, 2, (given) => new Duration(given.time(0).unixNs - given.time(1).unixNs)),
  AddDate: callable(4, 4, addDate),
  After: callable(2, 2, (given) => given.time(0).unixNs > given.time(1).unixNs),
  Before: callable(2, 2, (given) => given.time(0).unixNs < given.time(1).unixNs),
  Equal: callable(2, 2, (given) => given.time(0).unixNs === given.time(1).unixNs),
  Compare: callable(2, 2, (given) => Math.sign(Number(given.time(0).unixNs - given.time(1).unixNs))),
  In: callable(2, 2, (given) => given.time(0).in(given.zone(1))),
  UTC: callable(1, 1, (given) => given.time(0).in(utc)),
  Local: callable(1, 1, (given) => given.time(0).in(findZone(given, "Local"))),
  IsZero: callable(1, 1, (given) => given.time(0).unixNs === -62_135_596_800_000_000_000n),
};

function addDate(given: Arguments): Time {
  const time = given.time(0);
  const { local } = time;
  const moved = new Date(local.getTime());
  moved.setUTCFullYear(
    local.getUTCFullYear() + given.integer(1),
    local.getUTCMonth() + given.integer(2),
    local.getUTCDate() + given.integer(3),
  );
  if (!Number.isFinite(moved.getTime())) throw new ConditionError("the date is too far away");
  const [year, month, day] = [moved.getUTCFullYear(), moved.getUTCMonth() + 1, moved.getUTCDate()];
  const clock = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()] as const;
  return Time.fromFields([year, month, day, ...clock], time.nanosecond, time.zone);
}

export const durationMethods: Callables = {
  Hours: callable(1, 1, (given) => given.duration(0).in(3.6e12)),
  Minutes: callable(1, 1, (given) => given.duration(0).in(6e10)),
  Seconds: callable(1, 1, (given) => given.duration(0).in(1e9)),
  Milliseconds: callable(1, 1, (given) => Math.trunc(given.duration(0).in(1e6))),
  Microseconds: callable(1, 1, (given) => Math.trunc(given.duration(0).in(1e3))),
  Nanoseconds: callable(1, 1, (given) => given.duration(0).in(1)),
  String: callable(1, 1, (given) => given.duration(0).toString()),
  Abs: callable(1, 1, (given) => {
    const { ns } = given.duration(0);
    return new Duration(ns < 0n ? -ns : ns);
  }),
  Truncate: callable(2, 2, (given) => {
    const [{ ns }, unit] = [given.duration(0), given.duration(1)];
    return new Duration(unit.ns <= 0n ? ns : ns - (ns % unit.ns));
  }),
};

export const zoneMethods: Callables = {
  String: callable(1, 1, (given) => given.zone(0).name),
};
