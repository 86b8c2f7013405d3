// Sizes as people write and read them.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AppError } from "../../../src/core/app-error.ts";
import { formatByteSize, parseByteSize } from "../../../src/core/byte-size.ts";

describe("parseByteSize()", () => {
  test.each([
    [1, 1],
    [1_048_576, 1_048_576],
    ["17", 17],
    ["17B", 17],
    ["1KB", 1000],
    ["1KiB", 1024],
    ["64MiB", 64 * 1024 ** 2],
    ["64mib", 64 * 1024 ** 2],
    ["1 GB", 1e9],
    [" 2GiB ", 2 * 1024 ** 3],
    ["1.5KiB", 1536],
    ["0.0001KiB", undefined],
  ])("takes %p as %p bytes", (value, bytes) => {
    if (bytes === undefined) expect(() => parseByteSize(value)).toThrow(AppError);
    else expect(parseByteSize(value)).toBe(bytes);
  });

  test.each([
    "",
    "MiB",
    "0",
    0,
    -1,
    1.5,
    "-1MiB",
    "1e3",
    "1 2",
    "1.KiB",
    "64 M",
    "5 constructor",
    "5 toString",
    "5 __proto__",
    "9".repeat(30),
    "99999999999GiB",
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    null,
    undefined,
    true,
    {},
    [[64]],
  ])("refuses %p with VALIDATION_FAILED", (value) => {
    let thrown: unknown;
    try {
      parseByteSize(value);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "VALIDATION_FAILED", hint: expect.stringContaining("MiB") });
  });

  test("gives a whole positive number of bytes or throws, for any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{0,20}(?:\.\d{0,4})? ?[kKmMgG]?i?[bB]?$/)), (text) => {
        let bytes: number;
        try {
          bytes = parseByteSize(text);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AppError);
          return;
        }
        expect(Number.isSafeInteger(bytes) && bytes > 0).toBe(true);
      }),
    );
  });
});

describe("formatByteSize()", () => {
  test.each([
    [1, "1 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [64 * 1024 ** 2, "64 MiB"],
    [1.5 * 1024 ** 3, "1.5 GiB"],
    [5 * 1024 ** 4, "5 TiB"],
    [5000 * 1024 ** 4, "5000 TiB"],
  ])("shows %p as %p", (bytes, text) => {
    expect(formatByteSize(bytes)).toBe(text);
  });

  test("is read back by parseByteSize() within the rounding of one digit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 * 1024 ** 3 }), (bytes) => {
        const back = parseByteSize(formatByteSize(bytes));
        expect(Math.abs(back - bytes)).toBeLessThanOrEqual(bytes * 0.05 + 1);
      }),
    );
  });
});
