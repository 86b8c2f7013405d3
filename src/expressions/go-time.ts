// Dates, durations and timezones, as Go's package time has them: https://pkg.go.dev/time.

import { ConditionError, quote } from "./condition-error.ts";

const nsPerSecond = 1_000_000_000n;
const unitsNs: readonly (readonly [string, bigint])[] = [
  ["h", 3600n * nsPerSecond],
  ["m", 60n * nsPerSecond],
  ["s", nsPerSecond],
  ["ms", 1_000_000n],
  ["us", 1000n],
  ["µs", 1000n],
  ["μs", 1000n],
  ["ns", 1n],
];
const greatestNs = 2n ** 63n;

export class Duration {
  readonly ns: bigint;

  /** @throws {ConditionError} beyond some 292 years. */
  constructor(ns: bigint) {
    if (ns >= greatestNs || ns < -greatestNs) throw new ConditionError("the duration is longer than 292 years");
    this.ns = ns;
  }

  times(factor: number): Duration {
    return new Duration(BigInt(Math.trunc(Number(this.ns) * factor)));
  }

  in(unitNs: number): number {
    return Number(this.ns) / unitNs;
  }

  /** `1h2m3.5s`, `1.5ms`, `0s`. */
  toString(): string {
    const sign = this.ns < 0n ? "-" : "";
    const ns = this.ns < 0n ? -this.ns : this.ns;
    if (ns === 0n) return "0s";
    const small = (
      [
        ["µs", 1000n],
        ["ms", 1_000_000n],
        ["s", nsPerSecond],
      ] as const
    ).findIndex(([, next]) => ns < next);
    if (small >= 0) {
      const [unit, size] = (
        [
          ["ns", 1n],
          ["µs", 1000n],
          ["ms", 1_000_000n],
        ] as const
      )[small] ?? ["ns", 1n];
      return `${sign}${decimal(ns, size)}${unit}`;
    }
    const hours = ns / (3600n * nsPerSecond);
    const minutes = (ns / (60n * nsPerSecond)) % 60n;
    const seconds = decimal(ns % (60n * nsPerSecond), nsPerSecond);
    if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}s`;
    return minutes > 0n ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
  }
}

function decimal(ns: bigint, unit: bigint): string {
  const digits = unit.toString().length - 1;
  const fraction = (ns % unit).toString().padStart(digits, "0").replace(/0+$/, "");
  return fraction === "" || digits === 0 ? String(ns / unit) : `${ns / unit}.${fraction}`;
}

/** @throws {ConditionError} when the text is no duration like `1h30m` or `-1.5s`. */
export function parseDuration(text: string): Duration {
  const failure = new ConditionError(`${quote(text)} is no duration, as "1h30m" is`);
  const [, sign = "", rest = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return new Duration(0n);
  if (rest.length > 200 || !/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) throw failure;
  let ns = 0n;
  for (const [, whole = "", fraction = "", name] of rest.matchAll(/(\d*)\.?(\d*)([a-zµμ]+)/g)) {
    const unit = unitsNs.find(([each]) => each === name)?.[1] ?? 0n;
    ns += BigInt(whole || "0") * unit;
    if (fraction !== "") ns += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
  }
  return new Duration(sign === "-" ? -ns : ns);
}

/** How far a zone is ahead of UTC at a time, and what it is called then. */
interface ZoneState {
  readonly offsetSeconds: number;
  readonly abbreviation: string;
}

export class Zone {
  readonly name: string;
  readonly #find: (unixMs: number) => ZoneState;

  constructor(name: string, find: (unixMs: number) => ZoneState) {
    this.name = name;
    this.#find = find;
  }

  at(unixMs: number): ZoneState {
    return this.#find(unixMs);
  }

  /** The same zone, of which each look at its rules is told before. */
  watched(onLook: () => void): Zone {
    return new Zone(this.name, (unixMs) => {
      onLook();
      return this.#find(unixMs);
    });
  }

  static fixed(offsetSeconds: number, abbreviation = ""): Zone {
    return new Zone(abbreviation, () => ({ offsetSeconds, abbreviation }));
  }
}

export const utc = Zone.fixed(0, "UTC");

/** To be made ready takes each a millisecond. */
const loaded = new Map<string, Zone>();
const maxLoaded = 32;

/** @throws {ConditionError} when the IANA name is not known; "" is UTC, "Local" that of the server. */
export function loadZone(name: string): Zone {
  if (name === "" || name === "UTC") return utc;
  const zone = loaded.get(name) ?? makeZone(name);
  loaded.delete(name);
  loaded.set(name, zone);
  if (loaded.size > maxLoaded) loaded.delete(loaded.keys().next().value ?? "");
  return zone;
}

function makeZone(name: string): Zone {
  try {
    const timeZone = name === "Local" ? undefined : name;
    if (timeZone !== undefined && !/^[A-Za-z]/.test(timeZone)) throw new RangeError(timeZone);
    // Which zones have a short name depends on the language: CEST is known to British, EDT to American English.
    const formats = ["en-US", "en-GB"].map(
      (language) => new Intl.DateTimeFormat(language, { ...fields, ...(timeZone === undefined ? {} : { timeZone }) }),
    );
    return new Zone(name, (unixMs) => readZone(formats, unixMs));
  } catch {
    throw new ConditionError(`${quote(name)} is no timezone, as "Europe/Zurich" is`);
  }
}

const fields: Intl.DateTimeFormatOptions = {
  calendar: "gregory",
  hourCycle: "h23",
  era: "short",
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
  timeZoneName: "short",
};

function readZone(formats: readonly Intl.DateTimeFormat[], unixMs: number): ZoneState {
  const [parts = new Map<string, string>(), ...others] = formats.map(
    (format) => new Map(format.formatToParts(unixMs).map(({ type, value }): [string, string] => [type, value])),
  );
  const field = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const year = parts.get("era") === "BC" ? 1 - field("year") : field("year");
  const localMs = utcMs([year, field("month"), field("day"), field("hour"), field("minute"), field("second")]);
  const offsetSeconds = Math.round((localMs - Math.floor(unixMs / 1000) * 1000) / 1000);
  const names = [parts, ...others].map((each) => each.get("timeZoneName") ?? "");
  return { offsetSeconds, abbreviation: names.find((each) => !/^GMT./.test(each)) ?? offsetName(names[0] ?? "") };
}

/** A zone without a name of its own is called by its offset: `GMT-3` is -03, `GMT+5:45` +0545. */
function offsetName(name: string): string {
  const [, sign = "", hours = "", minutes = ""] = /^GMT([+-])(\d+)(?::(\d+))?$/.exec(name) ?? [];
  return sign === "" ? name : sign + hours.padStart(2, "0") + minutes;
}

type DateFields = readonly [year: number, month: number, day: number, hour: number, minute: number, second: number];

/** `Date.UTC` takes the years 0 to 99 for others. */
function utcMs([year, month, day, hour, minute, second]: DateFields): number {
  return new Date(0).setUTCFullYear(year, month - 1, day) + (hour * 3600 + minute * 60 + second) * 1000;
}

/** A moment, with the zone in which its fields are read. */
export class Time {
  readonly unixNs: bigint;
  readonly zone: Zone;

  constructor(unixNs: bigint, zone: Zone) {
    this.unixNs = unixNs;
    this.zone = zone;
    // Beyond the years that JavaScript can take apart.
    if (!Number.isFinite(new Date(this.unixMs).getTime())) throw new ConditionError("the date is too far away");
  }

  static fromFields(fields: DateFields, nanosecond: number, zone: Zone): Time {
    const localMs = utcMs(fields);
    // The offset at the local time taken for UTC may be that of the other side of a change of clocks.
    const guess = localMs - zone.at(localMs).offsetSeconds * 1000;
    const unixMs = localMs - zone.at(guess).offsetSeconds * 1000;
    return new Time(BigInt(unixMs) * 1_000_000n + BigInt(nanosecond), zone);
  }

  get unixMs(): number {
    return Number(floorDivide(this.unixNs, 1_000_000n));
  }

  get nanosecond(): number {
    return Number(this.unixNs - floorDivide(this.unixNs, nsPerSecond) * nsPerSecond);
  }

  get zoneState(): ZoneState {
    return this.zone.at(this.unixMs);
  }

  /** Its UTC fields are the local ones. */
  get local(): Date {
    return new Date(this.unixMs + this.zoneState.offsetSeconds * 1000);
  }

  add({ ns }: Duration): Time {
    return new Time(this.unixNs + ns, this.zone);
  }

  in(zone: Zone): Time {
    return new Time(this.unixNs, zone);
  }
}

export function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
