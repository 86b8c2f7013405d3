// Durations as people write and read them.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AppError } from "../../../src/core/app-error.ts";
import { formatDuration, parseDuration } from "../../../src/core/duration.ts";

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

describe("parseDuration()", () => {
  test.each([
    [0, 0],
    [1500, 1500],
    ["0s", 0],
    ["500ms", 500],
    ["90s", 90_000],
    ["1h30m", 5_400_000],
    ["1m500ms", 60_500],
    ["1.5s", 1500],
    [" 2h ", 7_200_000],
    ["3650d", 3650 * unitMs.d],
  ])("takes %p as %p ms", (value, ms) => {
    expect(parseDuration(value)).toBe(ms);
  });

  test.each([
    "",
    " ",
    "s",
    "5",
    "-5s",
    "+5s",
    "1e3s",
    "5 s",
    "5S",
    "5s!",
    ".5s",
    "5.s",
    "1h 30m",
    "3651d",
    `${"9".repeat(400)}d`,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    true,
    {},
    [["5s"]],
  ])("refuses %p with VALIDATION_FAILED and a hint", (value) => {
    let thrown: unknown;
    try {
      parseDuration(value);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(AppError);
    expect(thrown).toMatchObject({ code: "VALIDATION_FAILED", hint: expect.stringContaining("30s") });
  });

  test("sums its parts, whatever they are", () => {
    const part = fc.tuple(fc.nat(50), fc.constantFrom("ms", "s", "m", "h", "d"));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const text = parts.map(([amount, unit]) => `${amount}${unit}`).join("");
        const sum = parts.reduce((total, [amount, unit]) => total + amount * unitMs[unit as keyof typeof unitMs], 0);
        expect(parseDuration(text)).toBe(sum);
      }),
    );
  });

  test("answers a megabyte of digits and units without backtracking for long", () => {
    const startedAt = performance.now();
    for (const hostile of ["1".repeat(1_000_000), "1.".repeat(500_000), `${"1s".repeat(500_000)}!`]) {
      expect(() => parseDuration(hostile)).toThrow(AppError);
    }
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});

describe("formatDuration()", () => {
  test.each([
    [0, "0 ms"],
    [0.4, "0 ms"],
    [850, "850 ms"],
    [1000, "1.0 s"],
    [12_345, "12.3 s"],
    [59_900, "59.9 s"],
    [60_000, "1 min 0 s"],
    [250_000, "4 min 10 s"],
    [3_600_000, "1 h 0 min"],
    [7_500_000, "2 h 5 min"],
    [90_000_000, "25 h 0 min"],
  ])("shows %p ms as %p", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("tells the nearest second below an hour, and the nearest minute from there on", () => {
    fc.assert(
      fc.property(fc.integer({ min: 60_000, max: 100 * 3_600_000 }), (ms) => {
        const seconds = Math.round(ms / 1000);
        const minutes = Math.round(ms / 60_000);
        const isShort = seconds < 3600;
        expect(formatDuration(ms)).toBe(
          isShort
            ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
            : `${Math.floor(minutes / 60)} h ${minutes % 60} min`,
        );
      }),
    );
  });

  test.each([
    [59_960, "1 min 0 s"],
    [119_600, "2 min 0 s"],
    [3_599_900, "1 h 0 min"],
    [7_199_999, "2 h 0 min"],
  ])("rounds %p ms up to %p, never to 60 of anything", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("never shows 1000 ms", () => {
    expect(formatDuration(999.6)).toBe("1.0 s");
  });
});
