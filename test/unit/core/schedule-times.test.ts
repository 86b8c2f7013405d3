// When schedules tick, around changes of the clocks too, and what is refused.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AppError } from "../../../src/core/app-error.ts";
import { parseScheduleTimes } from "../../../src/core/schedule-times.ts";

function ticks(expression: string, timezone: string, from: string, count: number): readonly string[] {
  const times = parseScheduleTimes(expression, timezone);
  const found: string[] = [];
  for (let at: number | null = Date.parse(from); found.length < count;) {
    at = times.next(at);
    if (at === null) break;
    found.push(new Date(at).toISOString().replace(":00.000Z", "Z"));
  }
  return found;
}

function refusal(expression: string, timezone = "UTC"): { readonly message: string; readonly hint: string } {
  try {
    parseScheduleTimes(expression, timezone);
  } catch (thrown) {
    if (thrown instanceof AppError) return { message: thrown.message, hint: thrown.hint ?? "" };
    throw thrown;
  }
  throw new Error(`${expression} is taken`);
}

describe("next()", () => {
  test.each([
    ["0 3 * * *", "UTC", ["2026-01-01T03:00Z", "2026-01-02T03:00Z"]],
    ["0 3 * * *", "Asia/Kathmandu", ["2026-01-01T21:15Z", "2026-01-02T21:15Z"]],
    ["@daily", "UTC", ["2026-01-02T00:00Z", "2026-01-03T00:00Z"]],
    ["@Hourly", "UTC", ["2026-01-01T01:00Z", "2026-01-01T02:00Z"]],
    ["30 */20 * * * *", "UTC", ["2026-01-01T00:00:30.000Z", "2026-01-01T00:20:30.000Z"]],
    ["0 0 L * *", "UTC", ["2026-01-31T00:00Z", "2026-02-28T00:00Z"]],
    ["0 9 * * MON-FRI", "UTC", ["2026-01-01T09:00Z", "2026-01-02T09:00Z", "2026-01-05T09:00Z"]],
    ["0 0 29 2 *", "UTC", ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]],
    ["@every 15m", "UTC", ["2026-01-01T00:15Z", "2026-01-01T00:30Z"]],
    ["@every 1h30m", "Europe/Berlin", ["2026-01-01T01:30Z", "2026-01-01T03:00Z"]],
  ])("of %j in %s", (expression, timezone, expected) => {
    expect(ticks(expression, timezone, "2026-01-01T00:00:00Z", expected.length)).toEqual(expected);
  });

  test("is a later moment than the one it is asked about, also on a tick itself", () => {
    const times = parseScheduleTimes("* * * * *", "UTC");
    expect([0, 1, 59_999, 60_000].map((at) => times.next(at))).toEqual([60_000, 60_000, 60_000, 120_000]);
  });
});

// Berlin: 02:00 becomes 03:00 on 29 March, 03:00 becomes 02:00 on 25 October 2026.
describe("where an hour does not exist", () => {
  const before = "2026-03-28T12:00:00Z";

  test("a time within it ticks once that day, at its end", () => {
    expect(ticks("30 2 * * *", "Europe/Berlin", before, 3)).toEqual([
      "2026-03-29T01:00Z",
      "2026-03-30T00:30Z",
      "2026-03-31T00:30Z",
    ]);
  });

  test("so does one of several times of a day", () => {
    expect(ticks("30 2,14 * * *", "Europe/Berlin", before, 4)).toEqual([
      "2026-03-28T13:30Z",
      "2026-03-29T01:00Z",
      "2026-03-29T12:30Z",
      "2026-03-30T00:30Z",
    ]);
  });

  test("an interval leaves it out", () => {
    expect(ticks("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:10:00Z", 3)).toEqual([
      "2026-03-29T00:30Z",
      "2026-03-29T01:00Z",
      "2026-03-29T01:30Z",
    ]);
  });

  test("midnight may be within it", () => {
    expect(ticks("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", 2)).toEqual([
      "2018-11-04T03:00Z",
      "2018-11-05T02:00Z",
    ]);
  });

  test("it may be half an hour", () => {
    expect(ticks("15 2 * * *", "Australia/Lord_Howe", "2026-10-02T20:00:00Z", 2)).toEqual([
      "2026-10-03T15:30Z",
      "2026-10-04T15:15Z",
    ]);
  });
});

describe("where an hour comes twice", () => {
  test("a time within it ticks once, the first time", () => {
    expect(ticks("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2)).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-26T01:30Z",
    ]);
    expect(ticks("45 1 * * *", "Australia/Lord_Howe", "2026-04-03T20:00:00Z", 2)).toEqual([
      "2026-04-04T14:45Z",
      "2026-04-05T15:15Z",
    ]);
  });

  test("an interval goes on through both", () => {
    expect(ticks("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:10:00Z", 4)).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-25T01:00Z",
      "2026-10-25T01:30Z",
      "2026-10-25T02:00Z",
    ]);
  });

  test("a day that does not exist at all is left out", () => {
    expect(ticks("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3)).toEqual([
      "2011-12-29T22:00Z",
      "2011-12-30T22:00Z",
      "2011-12-31T22:00Z",
    ]);
  });
});

describe("latest()", () => {
  test("gives the newest ticks of a time span, its end included and its beginning not", () => {
    for (const expression of ["0 * * * *", "@every 1h"]) {
      const times = parseScheduleTimes(expression, "UTC");
      const hour = (count: number): number => count * 3_600_000;
      expect(times.latest(100, hour(1), hour(4))).toEqual([hour(2), hour(3), hour(4)]);
      expect(times.latest(2, hour(1), hour(4))).toEqual([hour(3), hour(4)]);
      expect(times.latest(100, hour(4), hour(4))).toEqual([]);
      expect(times.latest(100, hour(4), hour(1))).toEqual([]);
    }
  });

  test("finds the same ticks as next(), in any zone and over any change of the clocks", () => {
    const expressions = ["*/7 * * * *", "30 2 * * *", "30 1-3 * * *", "0 0 * * *", "0 2,14 * * *", "@every 50m"];
    const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Havana"];
    const start = fc.integer({ min: Date.UTC(2010, 0), max: Date.UTC(2035, 0) });
    const spanMs = fc.integer({ min: 0, max: 2 * 24 * 3_600_000 });
    const run = fc.property(fc.constantFrom(...expressions), fc.constantFrom(...zones), start, spanMs, (...given) => {
      const [expression, zone, from, span] = given;
      const times = parseScheduleTimes(expression, zone);
      const forwards: number[] = [];
      for (let at = times.next(from); at !== null && at <= from + span; at = times.next(at)) forwards.push(at);
      expect(times.latest(forwards.length + 1, from, from + span)).toEqual(forwards);
    });
    fc.assert(run, { numRuns: 100 });
  });
});

describe("parseScheduleTimes()", () => {
  test.each([
    ["0 0 30 2 *", "never ticks", ""],
    ["61 * * * *", "Invalid value for minute: 61", "0 3 * * *"],
    ["0 3 * *", "has 4 fields; a cron expression has five, or six with seconds first", "@daily"],
    ["0 0 3 * * * 2027", "has 7 fields", ""],
    ["2026-05-05T00:00:00", "has 1 field;", ""],
    ["", "is empty", ""],
    ["nightly please", "has 2 fields", ""],
    ["@dayly", "is not known", 'did you mean "@daily"?'],
    ["@reboot", "a start of the server is no tick", ""],
    ["@every", "does not say how often", "@every 15m"],
    ["@every fifteen minutes", "does not say how often", "@every 15m"],
    ["@every 500ms", "more often than once a second", ""],
    ["@every 0s", "more often than once a second", ""],
  ])("refuses %j", (expression, message, hint) => {
    expect(refusal(expression).message).toContain(message);
    expect(refusal(expression).hint).toContain(hint);
    expect(refusal(expression).message).toContain(JSON.stringify(expression));
  });

  test("refuses an unknown zone, for intervals too, and names the one that was meant", () => {
    expect(refusal("0 3 * * *", "Europe/Berln")).toEqual({
      message: 'there is no time zone "Europe/Berln"',
      hint: 'did you mean "Europe/Berlin"?',
    });
    expect(refusal("@every 1h", "Mars").message).toContain("Mars");
    expect(refusal("0 3 * * *", "").message).toContain("no time zone");
  });
});
