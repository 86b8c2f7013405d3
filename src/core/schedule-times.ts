// When a schedule ticks: cron expressions in a time zone, and fixed intervals. Times are milliseconds since the epoch.

import { Cron } from "croner";
import { AppError } from "./app-error.ts";
import { didYouMean } from "./did-you-mean.ts";
import { parseDuration } from "./duration.ts";

export interface ScheduleTimes {
  /** The first tick after this time; null where there is none. */
  next(afterMs: number): number | null;
  /** The newest ticks after `afterMs` and up to `untilMs`, at most `count`, oldest first. */
  latest(count: number, afterMs: number, untilMs: number): readonly number[];
}

const nicknames = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
const example = 'write for example "0 3 * * *" (every night at three), "@daily" or "@every 15m"';
const leastIntervalMs = 1000;

/**
 * A cron expression of five fields, or of six with seconds first; `@daily` and the like; or `@every 15m`, whose ticks
 * are the multiples of that time since the epoch, so that a restart moves none. Around a change of the clocks
 * (https://github.com/Hexagon/croner#pattern) an hour or a time of day that does not exist ticks once at its end, and
 * one that occurs twice ticks the first time; intervals, written with `*` or `/`, go on through both.
 * @throws {AppError} VALIDATION_FAILED where it is none, never ticks, or the zone does not exist.
 */
export function parseScheduleTimes(expression: string, timezone: string): ScheduleTimes {
  const text = expression.trim();
  checkTimezone(timezone);
  if (/^@every(?:\s|$)/i.test(text)) return parseInterval(text);
  if (text.startsWith("@") && !nicknames.includes(text.toLowerCase())) throw unknownNickname(text);
  const fields = text.split(/\s+/).length;
  if (!text.startsWith("@") && fields !== 5 && fields !== 6) {
    const found = text === "" ? "is empty" : `has ${fields} ${fields === 1 ? "field" : "fields"}`;
    throw refuse(expression, `${found}; a cron expression has five, or six with seconds first`, example);
  }
  const cron = parseCron(expression, text, timezone);
  const times: ScheduleTimes = {
    next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() ?? null,
    latest: (count, afterMs, untilMs) =>
      cron
        // Those before a time, newest first.
        .previousRuns(count, new Date(untilMs + 1))
        .map((tick) => tick.getTime())
        .filter((tick) => tick > afterMs)
        .toReversed(),
  };
  if (times.next(0) === null) throw refuse(expression, "never ticks: there is no such day", null);
  return times;
}

/** @throws {AppError} VALIDATION_FAILED, with a zone that was meant, perhaps. */
export function checkTimezone(timezone: string): void {
  try {
    void new Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch {
    const near = didYouMean(timezone, Intl.supportedValuesOf("timeZone"));
    throw new AppError("VALIDATION_FAILED", `there is no time zone ${quote(timezone)}`, {
      hint: near ? `did you mean "${near}"?` : 'write a name like "Europe/Berlin" or "UTC"',
    });
  }
}

function parseCron(expression: string, text: string, timezone: string): Cron {
  try {
    return new Cron(text, { timezone, paused: true, mode: "5-or-6-parts", fixedTimeRule: "no-wildcard" });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message.replace(/^Cron\w+: /, "") : String(thrown);
    throw refuse(expression, `is no cron expression: ${reason}`, example);
  }
}

function parseInterval(text: string): ScheduleTimes {
  let intervalMs: number;
  try {
    intervalMs = Math.round(parseDuration(text.slice("@every".length).trim()));
  } catch {
    throw refuse(text, "does not say how often", 'write for example "@every 15m" or "@every 1h30m"');
  }
  if (intervalMs < leastIntervalMs) throw refuse(text, "ticks more often than once a second", null);
  return {
    next: (afterMs) => (Math.floor(afterMs / intervalMs) + 1) * intervalMs,
    latest: (count, afterMs, untilMs) => {
      const last = Math.floor(untilMs / intervalMs);
      const first = Math.max(Math.floor(afterMs / intervalMs) + 1, last - count + 1);
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * intervalMs);
    },
  };
}

function unknownNickname(text: string): AppError {
  if (text.toLowerCase() === "@reboot") {
    return refuse(text, "is not known here: a start of the server is no tick", example);
  }
  const near = didYouMean(text, [...nicknames, "@every"]);
  return refuse(text, "is not known", near ? `did you mean "${near}"?` : `known are ${nicknames.join(", ")}, @every`);
}

function refuse(expression: string, problem: string, hint: string | null): AppError {
  return new AppError("VALIDATION_FAILED", `${quote(expression)} ${problem}`, hint === null ? {} : { hint });
}

function quote(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 79)}…`);
}
