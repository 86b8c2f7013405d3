// The JSON of a body, or an error with the place.

import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { parseJson } from "../../../src/server/parse-json.ts";

function errorOf(text: string | Uint8Array): AppError {
  try {
    parseJson(typeof text === "string" ? new TextEncoder().encode(text) : text);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it parsed");
}

test("parses JSON, also behind a byte order mark", () => {
  expect(parseJson(new TextEncoder().encode('\uFEFF{"a":["ü"]}'))).toEqual({ a: ["ü"] });
});

test("an error has the line and the column of the first wrong character, from 1", () => {
  const error = errorOf('{\n  "a": 1,\n  b: 2\n}');
  expect(error.code).toBe("INVALID_JSON");
  expect(error.message).toBe('the body is not JSON: unexpected "b" at line 3, column 3');
  expect(error.details).toMatchObject({ line: 3, column: 3 });
});

test("a text that is cut off ends at its end", () => {
  expect(errorOf('{"a":').message).toBe("the body is not JSON: it ends too early, at line 1, column 6");
});

test("a character outside the basic plane is shown whole", () => {
  expect(errorOf("[😀]").message).toContain('"😀"');
});

test("bytes that are not UTF-8 are not JSON", () => {
  expect(errorOf(new Uint8Array([0x22, 0xff, 0x22])).message).toContain("not UTF-8");
});

test("a body that is nested too deeply is refused with the place, before it is parsed", () => {
  const body = new TextEncoder().encode(`{\n"a": ${"[".repeat(1024 ** 2)}`);
  expect(() => parseJson(body)).toThrow("nested deeper than 1000 levels at line 2, column 1005");
});
