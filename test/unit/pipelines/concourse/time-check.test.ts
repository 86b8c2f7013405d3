// When a time resource has a new version.

import { expect, test } from "bun:test";
import type { JsonObject } from "../../../../src/pipelines/concourse/plan.ts";
import { timeCheck } from "../../../../src/pipelines/concourse/time-check.ts";

/** Whether there is a new one at `now`, after one of `from`. */
function isDue(source: JsonObject, now: string, from: string | null = null): boolean {
  const version = from === null ? null : { time: from };
  const found = timeCheck(source, version, Date.parse(now));
  if (version !== null) expect(found[0]).toEqual(version);
  const isNew = found.at(-1)?.["time"] === new Date(now).toISOString();
  expect(found).toHaveLength((version === null ? 0 : 1) + (isNew ? 1 : 0));
  return isNew;
}

test("an interval has passed when it is as long ago, and there is a version at once", () => {
  const source = { interval: "5m" };
  expect(isDue(source, "2026-03-02T10:00:00Z")).toBe(true);
  expect(isDue(source, "2026-03-02T10:04:59Z", "2026-03-02T10:00:00Z")).toBe(false);
  expect(isDue(source, "2026-03-02T10:05:00Z", "2026-03-02T10:00:00Z")).toBe(true);
});

test("a version of a time that a clock set back has not come to yet holds nothing up, but for as long as usual", () => {
  const hourly = { interval: "1h" };
  expect(isDue(hourly, "2026-03-02T10:00:00Z", "2027-03-02T10:00:00Z")).toBe(true);
  expect(isDue(hourly, "2026-03-02T10:00:00Z", "2026-03-02T10:00:30Z")).toBe(false);
  const daily = { start: "8:00 PM", stop: "9:00 PM" };
  expect(isDue(daily, "2026-03-02T20:30:00Z", "2026-03-09T20:10:00Z")).toBe(true);
  expect(isDue(daily, "2026-03-02T20:30:00Z", "2026-03-02T20:45:00Z")).toBe(false);
});

test("between start and stop there is one version a day, in the zone of the source", () => {
  const source = { start: "8:00 PM", stop: "9:00 PM", location: "Europe/Berlin" };
  expect(isDue(source, "2026-07-01T17:59:00Z")).toBe(false);
  expect(isDue(source, "2026-07-01T18:00:00Z")).toBe(true);
  expect(isDue(source, "2026-07-01T18:30:00Z", "2026-07-01T18:00:01Z")).toBe(false);
  expect(isDue(source, "2026-07-02T18:30:00Z", "2026-07-01T18:00:01Z")).toBe(true);
  expect(isDue(source, "2026-07-01T19:00:00Z", "2026-06-30T18:00:01Z")).toBe(false);
  expect(isDue(source, "2026-01-01T18:30:00Z")).toBe(false);
  expect(isDue(source, "2026-01-01T19:30:00Z")).toBe(true);
});

test("without an interval or a time there is one version a day, on the days of the source", () => {
  const source = { days: ["Monday"], location: "Europe/Berlin" };
  expect(isDue(source, "2026-03-01T22:59:00Z")).toBe(false);
  expect(isDue(source, "2026-03-01T23:00:00Z")).toBe(true);
  expect(isDue(source, "2026-03-02T22:59:00Z", "2026-03-01T23:00:00Z")).toBe(false);
  expect(isDue(source, "2026-03-09T10:00:00Z", "2026-03-01T23:00:00Z")).toBe(true);
  expect(isDue({}, "2026-03-02T00:00:00Z", "2026-03-01T23:59:59Z")).toBe(true);
});

test("a time may go over midnight", () => {
  const source = { start: "2300", stop: "0100" };
  expect(isDue(source, "2026-03-02T00:30:00Z")).toBe(true);
  expect(isDue(source, "2026-03-02T00:30:00Z", "2026-03-01T23:10:00Z")).toBe(false);
  expect(isDue(source, "2026-03-02T01:00:00Z")).toBe(false);
});

test("a time is that of the clocks on the day on which they are changed", () => {
  const source = { start: "01:30", stop: "01:45", location: "Europe/Berlin" };
  expect(isDue(source, "2026-03-28T23:35:00Z")).toBe(false);
  expect(isDue(source, "2026-03-29T00:35:00Z")).toBe(true);
});

test("a time with an offset may be of the day before", () => {
  const source = { start: "00:30 +0100", stop: "23:45" };
  expect(isDue(source, "2026-03-02T23:40:00Z")).toBe(true);
  expect(isDue(source, "2026-03-02T12:00:00Z")).toBe(false);
});

test("a version without a time is as none", () => {
  expect(timeCheck({ interval: "1h" }, { time: "?" }, 0)).toEqual([
    { time: "?" },
    { time: "1970-01-01T00:00:00.000Z" },
  ]);
});

test("an interval counts only within its time and on its days", () => {
  const source = { interval: "1h", start: "9AM", stop: "5PM", days: ["Monday", "tue"] };
  expect(isDue(source, "2026-03-02T10:00:00Z", "2026-03-02T09:00:00Z")).toBe(true);
  expect(isDue(source, "2026-03-02T18:00:00Z", "2026-03-02T09:00:00Z")).toBe(false);
  expect(isDue(source, "2026-03-03T10:00:00Z", "2026-03-02T09:00:00Z")).toBe(true);
  expect(isDue(source, "2026-03-04T10:00:00Z", "2026-03-02T09:00:00Z")).toBe(false);
});

test("an initial version is there at any time", () => {
  const source = { start: "9AM", stop: "10AM", initial_version: true };
  expect(isDue(source, "2026-03-02T20:00:00Z")).toBe(true);
  expect(isDue(source, "2026-03-02T21:00:00Z", "2026-03-02T20:00:00Z")).toBe(false);
});

test("each form of a time of the day is understood", () => {
  for (const start of ["3:04 PM", "3:04PM", "15:04", "1504", 1504, "10:04 AM -0500", "16:04 +0100"]) {
    const source = { start, stop: "4PM" };
    expect(isDue(source, "2026-03-02T15:03:00Z")).toBe(false);
    expect(isDue(source, "2026-03-02T15:04:00Z")).toBe(true);
  }
  expect(isDue({ start: "12AM", stop: "12:30 AM" }, "2026-03-02T00:10:00Z")).toBe(true);
  expect(isDue({ start: 800, stop: "9AM" }, "2026-03-02T08:10:00Z")).toBe(true);
});

test("what means nothing is told with its field", () => {
  const check = (source: JsonObject) => () => timeCheck(source, null, 0);
  expect(check({ start: "25:00", stop: "9AM" })).toThrow('source.start is not valid: "25:00"');
  expect(check({ start: "13PM", stop: "9AM" })).toThrow("source.start");
  expect(check({ start: "10:75", stop: "9PM" })).toThrow("source.start");
  expect(check({ interval: "1h", days: ["Someday"] })).toThrow("source.days");
  expect(check({ interval: "1h", location: "Europe/Atlantis" })).toThrow("source.location");
  expect(check({ interval: "soon" })).toThrow("is not a duration");
});
