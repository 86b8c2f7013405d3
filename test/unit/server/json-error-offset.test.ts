// Where a text stops being JSON, against the engine's own parser.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { findJsonError } from "../../../src/server/json-error-offset.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("findJsonError()", () => {
  test.each([
    ["", 0],
    ["   ", 3],
    ["{", 1],
    ["[1,]", 3],
    ['{"a":1,}', 7],
    ["{'a':1}", 1],
    ['{"a" 1}', 5],
    ['{"a":}', 5],
    ["[1 2]", 3],
    ["01", 1],
    ["-", 0],
    ["nul", 0],
    ["[}", 1],
    ["{}x", 2],
    ['"a\nb"', 2],
    ['"a\\qb"', 2],
    ['"abc', 4],
    ["\uFEFF1", 0],
    ["[1,2", 4],
  ])("says that %j breaks at %d", (text, offset) => {
    expect(findJsonError(text)).toBe(offset);
  });

  test("finds nothing in any JSON text", () => {
    fc.assert(fc.property(fc.json(), (text) => findJsonError(text) === undefined));
  });

  test("agrees with JSON.parse on JSON that was damaged", () => {
    const damage = fc.constantFrom(
      "",
      ",",
      ":",
      "]",
      "}",
      "[",
      "{",
      '"',
      "0",
      "-",
      "e",
      ".",
      "\\",
      " ",
      "\n",
      "null",
      "\u0001",
    );
    const damaged = fc.tuple(fc.json(), fc.nat(), fc.nat(3), damage).map(([text, place, length, insert]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + insert + text.slice(at + length);
    });
    fc.assert(
      fc.property(damaged, (text) => (findJsonError(text) === undefined) === isJson(text)),
      { numRuns: 5000 },
    );
  });

  test("neither overflows nor slows down on a megabyte of brackets or of one string", () => {
    const size = 1024 * 1024;
    expect(findJsonError("[".repeat(size))).toBe(size);
    expect(findJsonError('{"a":'.repeat(size / 8))).toBe((size / 8) * 5);
    expect(findJsonError(`"${"a".repeat(size)}`)).toBe(size + 1);
    expect(findJsonError(`["${"\\n".repeat(size / 2)}" 1`)).toBe(size + 4);
    expect(findJsonError(" ".repeat(size))).toBe(size);
  });
});
