// Dates to texts and back by the layouts of Go, `2006-01-02 15:04:05`: https://pkg.go.dev/time#pkg-constants.

import { ConditionError } from "./condition-error.ts";
import { Time, utc, Zone } from "./go-time.ts";

const parts =
  /January|Jan|Monday|Mon|MST|2006|__2|_2(?!006)|002|0[1-6]|15|PM|pm|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|[.,]0+(?!\d)|[.,]9+(?!\d)|[1-5]/g;
const months = "January February March April May June July August September October November December".split(" ");
const weekdays = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const maxLayoutCharacters = 200;

export const knownLayouts = {
  rfc3339: "2006-01-02T15:04:05Z07:00",
  rfc822: "02 Jan 06 15:04 MST",
  rfc850: "Monday, 02-Jan-06 15:04:05 MST",
  rfc1123: "Mon, 02 Jan 2006 15:04:05 MST",
  /** What a date is as a text. */
  text: "2006-01-02 15:04:05.999999999 -0700 MST",
} as const;

export function formatTime(time: Time, layout: string): string {
  checkLength(layout);
  return layout.replaceAll(parts, (part) => formatPart(time, part));
}

function checkLength(layout: string): void {
  if (layout.length > maxLayoutCharacters) {
    throw new ConditionError(`the layout is longer than ${maxLayoutCharacters} characters`);
  }
}

const pad = (value: number, width: number, fill = "0"): string => String(value).padStart(width, fill);

function formatPart(time: Time, part: string): string {
  const { local } = time;
  const hour = local.getUTCHours();
  switch (part) {
    case "2006":
      return local.getUTCFullYear() < 0 ? `-${pad(-local.getUTCFullYear(), 4)}` : pad(local.getUTCFullYear(), 4);
    case "06":
      return pad(local.getUTCFullYear() % 100, 2);
    case "January":
    case "Jan":
      return (months[local.getUTCMonth()] ?? "").slice(0, part === "Jan" ? 3 : undefined);
    case "Monday":
    case "Mon":
      return (weekdays[local.getUTCDay()] ?? "").slice(0, part === "Mon" ? 3 : undefined);
    case "__2":
      return pad(yearDay(time), 3, " ");
    case "002":
      return pad(yearDay(time), 3);
    case "PM":
      return hour >= 12 ? "PM" : "AM";
    case "pm":
      return hour >= 12 ? "pm" : "am";
    case "MST":
      return time.zoneState.abbreviation || formatOffset(time, "-0700");
    default:
      if (/^[-Z]/.test(part)) return formatOffset(time, part);
      return /^[.,]/.test(part) ? formatFraction(time, part) : formatNumber(local, part);
  }
}

/** `1`, `01` and `_1`: without, with zeros, with spaces before it. */
function formatNumber(local: Date, part: string): string {
  const digit = part.slice(-1);
  const value =
    part === "15" || digit === "3"
      ? hourFor(local.getUTCHours(), part)
      : digit === "1"
        ? local.getUTCMonth() + 1
        : digit === "2"
          ? local.getUTCDate()
          : digit === "4"
            ? local.getUTCMinutes()
            : local.getUTCSeconds();
  return part.length === 1 ? String(value) : pad(value, 2, part.startsWith("_") ? " " : "0");
}

function hourFor(hour: number, part: string): number {
  return part === "15" ? hour : hour % 12 || 12;
}

function formatFraction(time: Time, part: string): string {
  const digits = pad(time.nanosecond, 9).slice(0, part.length - 1);
  if (part.charAt(1) === "0") return part.charAt(0) + digits;
  const kept = digits.replace(/0+$/, "");
  return kept === "" ? "" : part.charAt(0) + kept;
}

function formatOffset(time: Time, part: string): string {
  const { offsetSeconds } = time.zoneState;
  if (part.startsWith("Z") && offsetSeconds === 0) return "Z";
  const seconds = Math.abs(offsetSeconds);
  const fields = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((each) => pad(each, 2));
  const count = Math.floor(part.replaceAll(":", "").length / 2);
  return (offsetSeconds < 0 ? "-" : "+") + fields.slice(0, count).join(part.includes(":") ? ":" : "");
}

export function yearDay({ local }: Time): number {
  return Math.floor((local.getTime() - new Date(local.getTime()).setUTCMonth(0, 1)) / 86_400_000) + 1;
}

interface Fields {
  year: number;
  month: number;
  day: number;
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  isAfternoon: boolean | undefined;
  zone: Zone | undefined;
}

/** Reads a part at the beginning of the text; returns how many characters it took, -1 where it is not there. */
type ReadPart = (text: string, fields: Fields) => number;

/** The moment a text names, in `zone` unless the text says another; undefined where it does not fit the layout. */
export function findTime(text: string, layout: string, zone: Zone = utc): Time | undefined {
  checkLength(layout);
  const fields: Fields = {
    year: 0,
    month: 1,
    day: 1,
    yearDay: 0,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    isAfternoon: undefined,
    zone: undefined,
  };
  let [at, rest] = [0, text.slice(0, 2 * maxLayoutCharacters)];
  const take = (length: number): boolean => {
    rest = rest.slice(Math.max(0, length));
    return length >= 0;
  };
  for (const { 0: part, index } of [...layout.matchAll(parts), { 0: "", index: layout.length }]) {
    const literal = layout.slice(at, index);
    if (!take(rest.startsWith(literal) ? literal.length : -1)) return undefined;
    at = index + part.length;
    if (part !== "" && !take(readerOf(part)(rest, fields))) return undefined;
    // A fraction may follow the seconds also where the layout has none.
    const isSecond = part === "5" || part === "05";
    if (isSecond && !/^[.,][09]/.test(layout.slice(at))) take(Math.max(0, readFraction(rest, fields)));
  }
  return rest === "" ? toTime(fields, zone) : undefined;
}

function toTime(fields: Fields, zone: Zone): Time | undefined {
  let { month, day, hour } = fields;
  if (fields.isAfternoon === true && hour < 12) hour += 12;
  if (fields.isAfternoon === false && hour === 12) hour = 0;
  if (fields.yearDay > 0) {
    const date = new Date(new Date(0).setUTCFullYear(fields.year, 0, fields.yearDay));
    if (date.getUTCFullYear() !== fields.year) return undefined;
    [month, day] = [date.getUTCMonth() + 1, date.getUTCDate()];
  }
  const lastDay = new Date(new Date(0).setUTCFullYear(fields.year, month, 0)).getUTCDate();
  const isValid =
    month >= 1 && month <= 12 && day >= 1 && day <= lastDay && hour < 24 && fields.minute < 60 && fields.second < 60;
  if (!isValid) return undefined;
  const local = [fields.year, month, day, hour, fields.minute, fields.second] as const;
  return Time.fromFields(local, fields.nanosecond, fields.zone ?? zone);
}

function readerOf(part: string): ReadPart {
  if (/^[.,]/.test(part)) return part.charAt(1) === "9" ? (...of) => Math.max(0, readFraction(...of)) : readFraction;
  if (/^[-Z]/.test(part)) return (text, fields) => readOffset(text, part, fields);
  return readers[part] ?? (() => -1);
}

function digits(pattern: RegExp, keep: (fields: Fields, value: number) => void): ReadPart {
  return (text, fields) => {
    const found = pattern.exec(text)?.[0];
    if (found === undefined) return -1;
    keep(fields, Number(found));
    return found.length;
  };
}

function oneOf(names: readonly string[], length: number | undefined, keep: (fields: Fields, place: number) => void) {
  return (text: string, fields: Fields): number => {
    const lower = text.toLowerCase();
    const place = names.findIndex((name) => lower.startsWith(name.slice(0, length).toLowerCase()));
    if (place === -1) return -1;
    keep(fields, place);
    return length ?? names[place]?.length ?? 0;
  };
}

const twoDigits = /^\d\d/;
const oneOrTwo = /^\d\d?/;
const keepMonth = (fields: Fields, value: number): void => void (fields.month = value);
const keepDay = (fields: Fields, value: number): void => void (fields.day = value);
const keepYearDay = (fields: Fields, value: number): void => void (fields.yearDay = value);
const keepHour = (fields: Fields, value: number): void => void (fields.hour = value);
const keepMinute = (fields: Fields, value: number): void => void (fields.minute = value);
const keepSecond = (fields: Fields, value: number): void => void (fields.second = value);
const keepHalf: ReadPart = (text, fields) => {
  if (!/^[AP]M/i.test(text)) return -1;
  fields.isAfternoon = /^p/i.test(text);
  return 2;
};

const readers: Readonly<Record<string, ReadPart>> = {
  "2006": digits(/^\d{4}/, (fields, value) => void (fields.year = value)),
  "06": digits(twoDigits, (fields, value) => void (fields.year = value >= 69 ? 1900 + value : 2000 + value)),
  January: oneOf(months, undefined, (fields, place) => keepMonth(fields, place + 1)),
  Jan: oneOf(months, 3, (fields, place) => keepMonth(fields, place + 1)),
  Monday: oneOf(weekdays, undefined, () => {}),
  Mon: oneOf(weekdays, 3, () => {}),
  "01": digits(twoDigits, keepMonth),
  "1": digits(oneOrTwo, keepMonth),
  "02": digits(twoDigits, keepDay),
  "2": digits(oneOrTwo, keepDay),
  _2: digits(/^ ?\d\d?/, keepDay),
  "002": digits(/^\d{3}/, keepYearDay),
  __2: digits(/^ {0,2}\d{1,3}/, keepYearDay),
  "15": digits(oneOrTwo, keepHour),
  "03": digits(twoDigits, keepHour),
  "3": digits(oneOrTwo, keepHour),
  "04": digits(twoDigits, keepMinute),
  "4": digits(oneOrTwo, keepMinute),
  "05": digits(twoDigits, keepSecond),
  "5": digits(oneOrTwo, keepSecond),
  PM: keepHalf,
  pm: keepHalf,
  MST: (text, fields) => {
    const name = /^(?:[A-Z]{3,5}|[+-]\d\d)/.exec(text)?.[0];
    if (name === undefined) return -1;
    // Which zone an abbreviation means only its place could tell: as in Go it is one without an offset.
    fields.zone ??= name === "UTC" ? utc : Zone.fixed(0, name);
    return name.length;
  },
};

function readFraction(text: string, fields: Fields): number {
  const found = /^[.,](\d{1,9})/.exec(text);
  if (found === null) return -1;
  fields.nanosecond = Number((found[1] ?? "").padEnd(9, "0"));
  return found[0].length;
}

function readOffset(text: string, part: string, fields: Fields): number {
  if (part.startsWith("Z") && text.startsWith("Z")) {
    fields.zone = utc;
    return 1;
  }
  const colon = part.includes(":") ? ":" : "";
  const count = Math.floor(part.replaceAll(":", "").length / 2);
  const pattern = new RegExp(`^([+-])(\\d\\d)${`${colon}(\\d\\d)`.repeat(count - 1)}`);
  const [found, sign, hours = "0", minutes = "0", seconds = "0"] = pattern.exec(text) ?? [];
  if (found === undefined || Number(hours) > 24 || Number(minutes) > 59 || Number(seconds) > 59) return -1;
  const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  fields.zone = offset === 0 ? utc : Zone.fixed(sign === "-" ? -offset : offset);
  return found.length;
}
