// The text of a JSON value by which equals are known.

import { describe, expect, test } from "bun:test";
import { toCanonicalJson } from "../../../src/core/canonical-json.ts";
import type { JsonValue } from "../../../src/core/json.ts";

describe("toCanonicalJson()", () => {
  test("is the same for equal values, whatever the order of their fields", () => {
    const [one, other]: JsonValue[] = [
      { a: [1, { b: "x", c: null }], d: {} },
      { d: {}, a: [1, { c: null, b: "x" }] },
    ];
    expect(toCanonicalJson(one ?? null)).toBe(toCanonicalJson(other ?? null));
  });

  test("is another one for all that differs", () => {
    const values: JsonValue[] = [1, "1", [1], ["1"], [[1]], [1, 1], [[1], 1], [1, [1]], [], {}, null, "", true];
    values.push({ a: 1 }, { a: "1" }, { b: 1 }, { a: 1, b: 1 }, { a: { b: 1 } }, [{ a: 1 }], "[1,]", '{"a":1,}');
    expect(new Set(values.map(toCanonicalJson)).size).toBe(values.length);
  });
});
