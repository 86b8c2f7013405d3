// How long the sender of an HTTP answer asks to be left alone.

import { describe, expect, test } from "bun:test";
import { parseRetryAfter } from "../../../src/engine/retry-after.ts";

const now = Date.parse("2026-03-01T12:00:00Z");

describe("parseRetryAfter()", () => {
  test.each([
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7000],
    ["Sun, 01 Mar 2026 12:00:30 GMT", 30_000],
    ["Sunday, 01-Mar-26 12:00:30 GMT", 30_000],
    ["Sun Mar  1 12:00:30 2026 GMT", 30_000],
    ["Sun, 01 Mar 2026 11:00:00 GMT", 0],
  ])("%p asks for %p ms", (text, expected) => {
    expect(parseRetryAfter(text, now)).toBe(expected);
  });

  test.each([undefined, "", "-5", "2.5", "soon", "Soon, very soon", "1e9x"])("%p asks for nothing", (text) => {
    expect(parseRetryAfter(text, now)).toBeUndefined();
  });
});
