import { describe, expect, test } from "bun:test";
import { maxJsonDepth, parseBoundedJson } from "../../../src/core/parse-bounded-json.ts";

const nested = (depth: number, [open, close]: readonly [string, string] = ["[", "]"]): string =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;

describe("the depth of JSON", () => {
  test.each([[["[", "]"]], [['{"a":', "}"]], [['[{"[":', "}]"]]] as const)("of %j has its limit", (brackets) => {
    const levels = brackets[0].length > 5 ? 2 : 1;
    const depth = maxJsonDepth / levels;
    expect(() => parseBoundedJson(nested(depth, brackets))).not.toThrow();
    expect(() => parseBoundedJson(nested(depth + 1, brackets))).toThrow("nested deeper than 1000 levels");
  });

  test("is not that of brackets within texts", () => {
    for (const text of [
      "[".repeat(2000),
      `\\"${"{".repeat(2000)}`,
      `\\\\\\"${"[".repeat(2000)}`,
      `${"[".repeat(2000)}\\\\`,
    ]) {
      const json = `{"a":"${text}"}`;
      expect(parseBoundedJson(json)).toEqual(JSON.parse(json));
    }
    // Here the text ends before the brackets.
    expect(() => parseBoundedJson(`["\\\\",${nested(1100)}]`)).toThrow("nested deeper");
  });

  test("is of what is open, not of all there is", () => {
    const wide = `[${Array(10_000).fill("[[]]").join(",")}]`;
    expect(parseBoundedJson(wide)).toHaveLength(10_000);
  });
});

test.each([
  "[".repeat(25 * 1024 * 1024),
  '{"":'.repeat(5_000_000),
  `"${"[".repeat(2000)}`,
  `${'["\\"'.repeat(1000)}`,
  "]".repeat(1000),
])("text %# of brackets and quotes is refused", (text) => {
  expect(() => parseBoundedJson(text)).toThrow(SyntaxError);
});

test("a million brackets are refused without a look at more than the first of them", () => {
  const text = "[".repeat(1_000_000);
  const timeOf = (parse: () => unknown): number => {
    const start = performance.now();
    expect(parse).toThrow(SyntaxError);
    return performance.now() - start;
  };
  timeOf(() => parseBoundedJson(text));
  expect(timeOf(() => parseBoundedJson(text))).toBeLessThan(timeOf(() => JSON.parse(text)) / 10);
});

test("fields named as parts of every object are fields like any other", () => {
  const value = parseBoundedJson('{"__proto__":{"admin":true},"constructor":{"prototype":1},"a":1}') as object;
  expect(Object.keys(value)).toEqual(["__proto__", "constructor", "a"]);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect((value as { admin?: unknown }).admin).toBeUndefined();
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
});
