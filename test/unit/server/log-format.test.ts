// The two forms of a log.

import { describe, expect, test } from "bun:test";
import type { LogEntry } from "../../../src/core/log-entry.ts";
import { createNdjsonFormat, createTextFormat } from "../../../src/server/log-format.ts";

function entry(source: LogEntry["source"], text: string, stepId: string | null = null): LogEntry {
  return { seq: 3, at: 1_700_000_000_123, source, level: "info", stepId, stepName: stepId && "build", text };
}

function textOf(...entries: LogEntry[]): string {
  const format = createTextFormat();
  return entries.map((each) => format.encode(each)).join("");
}

describe("text", () => {
  test("console lines and output are as they are, system lines are marked", () => {
    expect(textOf(entry("console", "hello"), entry("stdout", "a\nb\n", "r.1"), entry("system", "cut"))).toBe(
      "hello\na\nb\n[runner] cut\n",
    );
  });

  test("chunks of one step join to the exact output", () => {
    expect(textOf(entry("stdout", "ab", "r.1"), entry("stderr", "cd", "r.1"), entry("stdout", "e\n", "r.1"))).toBe(
      "abcde\n",
    );
  });

  test("an unfinished line is ended before a console line and before another step", () => {
    expect(textOf(entry("stdout", "50 %", "r.1"), entry("console", "x"), entry("stdout", "y", "r.2"))).toBe(
      "50 %\nx\ny",
    );
    expect(textOf(entry("stdout", "50 %", "r.1"), entry("stdout", "y", "r.2"))).toBe("50 %\ny");
  });

  test("an empty chunk changes nothing, an empty console line is a line", () => {
    expect(textOf(entry("stdout", "a", "r.1"), entry("stdout", "", "r.2"), entry("stdout", "b", "r.1"))).toBe("ab");
    expect(textOf(entry("console", ""))).toBe("\n");
  });
});

test("NDJSON has every field, one object a line, whatever the text is", () => {
  const text = 'a\n"\u2028\u0000';
  const line = createNdjsonFormat().encode(entry("stderr", text, "r.1"));
  expect(line.indexOf("\n")).toBe(line.length - 1);
  expect(JSON.parse(line)).toEqual({
    seq: 3,
    at: "2023-11-14T22:13:20.123Z",
    source: "stderr",
    level: "info",
    step_id: "r.1",
    step_name: "build",
    text,
  });
});
