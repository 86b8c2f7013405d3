// The lines of the server's own log.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { createLogger, type Logger } from "../../../src/telemetry/telemetry.ts";

const zone = process.env["TZ"];
let lines: string[];

beforeEach(() => {
  lines = [];
  process.env["TZ"] = "Asia/Kolkata";
});

afterEach(() => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

const open = (format: "pretty" | "json", colour = false): Logger =>
  createLogger({
    format,
    level: "info",
    colour,
    write: (line) => lines.push(line),
    now: () => Date.parse("2026-01-02T20:04:05.006Z"),
  });

test("pretty lines have the time of this machine's zone", () => {
  open("pretty").warn("disk is slow", { ms: 12, path: undefined });
  expect(lines).toEqual(["01:34:05 ! disk is slow ms=12"]);
});

test("json lines have the time in UTC with its date", () => {
  open("json").info("up", { port: 1 });
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    time: "2026-01-02T20:04:05.006Z",
    level: "info",
    message: "up",
    port: 1,
  });
});

test("entries below the level are dropped", () => {
  open("pretty").debug("detail");
  expect(lines).toEqual([]);
});

test("foreign text can neither control the terminal nor pass for an entry of its own", () => {
  open("pretty").info("a\u001B[2Jb\u009Bc\u202Ed\u007F", {
    reason: "x\r\n01:34:05   all is well\ry\u0000",
    tab: "a\tb",
  });
  expect(lines).toEqual([
    "01:34:05   a\uFFFD[2Jb\uFFFDc\uFFFDd\uFFFD reason=x\n    01:34:05   all is well\uFFFDy\uFFFD tab=a\tb",
  ]);
});

test("colours are around the whole entry", () => {
  open("pretty", true).error("down");
  expect(lines).toEqual(["\u001B[31m01:34:05 ✗ down\u001B[0m"]);
});
