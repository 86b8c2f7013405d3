// Given parameters against declared ones.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import type { ParamSpec } from "../../../src/core/pipeline-config.ts";
import { parseParams } from "../../../src/pipelines/parse-params.ts";

const specs: Readonly<Record<string, ParamSpec>> = {
  target: { type: "string", required: false, default: "nas", enum: ["nas", "pi"] },
  count: { type: "number", required: true },
  dry: { type: "boolean", required: false },
};

function refusal(given: Readonly<Record<string, unknown>>): AppError {
  try {
    parseParams(specs, given);
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
  }
  throw new Error("it was accepted");
}

describe("parseParams()", () => {
  test("takes defaults and leaves out what is optional", () => {
    expect(parseParams(specs, { count: 1 })).toEqual({ target: "nas", count: 1 });
  });

  test.each([
    ["5", 5],
    [" -1.5e3 ", -1500],
    ["0", 0],
  ])("converts the text %p to a number", (text, value) => {
    expect(parseParams(specs, { count: text })["count"]).toBe(value);
  });

  test.each([
    ["true", true],
    ["false", false],
  ])("converts the text %p to a boolean", (text, value) => {
    expect(parseParams(specs, { count: 1, dry: text })["dry"]).toBe(value);
  });

  test.each([
    [{ count: "" }],
    [{ count: "0x1F" }],
    [{ count: "1e999" }],
    [{ count: Number.NaN }],
    [{ count: null }],
    [{ count: {} }],
    [{ count: 1, dry: "yes" }],
    [{ count: 1, dry: 0 }],
    [{ count: 1, target: 5 }],
    [{ count: 1, target: "sun" }],
    [{ count: 1, constructor: "x" }],
    [{}],
  ])("refuses %p", (given) => {
    expect(refusal(given).code).toBe("PARAM_INVALID");
  });

  test("tells all problems at once, and what an unknown name may have meant", () => {
    const error = refusal({ tarjet: "pi", dry: "maybe" });
    expect(error.message).toBe(
      'the pipeline has no parameter "tarjet"; parameter "count" is required; parameter "dry" must be a boolean, not the text "maybe"',
    );
    expect(error.hint).toBe('did you mean "target"?');
    expect(error.details["problems"]).toHaveLength(3);
  });
});
