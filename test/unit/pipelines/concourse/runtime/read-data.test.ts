// JSON in files of artifacts: which numbers become texts.

import { describe, expect, test } from "bun:test";
import { readJson } from "../../../../../src/pipelines/concourse/runtime/read-data.ts";

describe("a whole number beyond 2^53 is the text that was written:", () => {
  test.each([
    ["123456789012345678", '"123456789012345678"'],
    [
      "[9007199254740991, 9007199254740993,-9007199254740993 ]",
      '[9007199254740991,"9007199254740993","-9007199254740993"]',
    ],
    [
      '{"123456789012345678": {"\\\\\\"": 123456789012345678}}',
      '{"123456789012345678":{"\\\\\\"":"123456789012345678"}}',
    ],
    ['["\\"123456789012345678", "\\\\", 5]', '["\\"123456789012345678","\\\\",5]'],
    ["[0.1234567890123456789, 1e1, -1.5e-1234567890123456789]", "[0.12345678901234568,10,0]"],
    ["[12345678901234567.5, 12345678901234567e1]", "[12345678901234568,123456789012345660]"],
  ])("%s", (text, read) => expect(JSON.stringify(readJson(text))).toBe(read));
});

test("what is no JSON stays none", () => {
  for (const text of ["{123456789012345678: 1}", '["123456789012345678', "[1234567890123456789", ""]) {
    expect(() => readJson(text)).toThrow(SyntaxError);
  }
});
