// Query parameters, checked.

import { expect, test } from "bun:test";
import { readChoice, readDuration, readFlag, readInteger } from "../../../src/server/read-query.ts";

const refused = (parameter: string) => expect.objectContaining({ code: "VALIDATION_FAILED", details: { parameter } });

test("readInteger() takes whole numbers within the bounds only", () => {
  const bounds = { min: 1, max: 500, otherwise: 50 };
  expect(readInteger({ limit: "500" }, "limit", bounds)).toBe(500);
  expect(readInteger({}, "limit", bounds)).toBe(50);
  for (const limit of ["0", "501", "-1", "1.5", "1e2", "0x10", "ten", " 1", "99999999999999999"]) {
    expect(() => readInteger({ limit }, "limit", bounds)).toThrow(refused("limit"));
  }
});

test("readChoice() takes one of its choices", () => {
  expect(readChoice({ format: "text" }, "format", ["text", "ndjson"])).toBe("text");
  expect(readChoice({}, "format", ["text"])).toBeUndefined();
  expect(() => readChoice({ format: "xml" }, "format", ["text"])).toThrow(refused("format"));
});

test("readFlag() knows yes, no, and nothing else", () => {
  for (const follow of ["", "1", "true"]) expect(readFlag({ follow }, "follow")).toBe(true);
  for (const follow of ["0", "false"]) expect(readFlag({ follow }, "follow")).toBe(false);
  expect(readFlag({}, "follow")).toBe(false);
  expect(() => readFlag({ follow: "maybe" }, "follow")).toThrow(refused("follow"));
});

test("readDuration() takes a duration up to its maximum", () => {
  expect(readDuration({ wait: "10m" }, "wait", 600_000)).toBe(600_000);
  expect(readDuration({}, "wait", 600_000)).toBeUndefined();
  for (const wait of ["11m", "30", "soon"]) {
    expect(() => readDuration({ wait }, "wait", 600_000)).toThrow(refused("wait"));
  }
});
