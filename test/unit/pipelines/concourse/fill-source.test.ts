// The vars that are given as a pipeline is set are in its text, and nothing else of it has changed.

import { describe, expect, test } from "bun:test";
import { parse } from "yaml";
import type { JsonValue } from "../../../../src/core/json.ts";
import { fillSource } from "../../../../src/pipelines/concourse/concourse.ts";

type Values = Readonly<Record<string, JsonValue>>;

const data = (source: string, values: Values): unknown => parse(fillSource(source, values));

describe("a var that is given", () => {
  test.each<[string, string, Values, unknown]>([
    [
      "alone is its value, of its type",
      "a: ((n))\nb: ((l))",
      { n: 3, l: ["x", { y: null }] },
      { a: 3, b: ["x", { y: null }] },
    ],
    ["within a text is part of it", "a: v((n))-((s))", { n: 3, s: "x" }, { a: "v3-x" }],
    ["is a text where it is one, whatever it looks like", "a: ((s))", { s: "true" }, { a: "true" }],
    [
      "cannot leave its place, whatever it holds",
      "a: ((s))\nb: 1",
      { s: "x\nb: 2 # \"'" },
      { a: "x\nb: 2 # \"'", b: 1 },
    ],
    ["has fields", "a: ((db.host))", { db: { host: "h" } }, { a: "h" }],
    ["is what aliases of it stand for", "a: &x ((l))\nb: *x", { l: [1] }, { a: [1], b: [1] }],
    ["may be a key", "((k)): 1", { k: "name" }, { name: 1 }],
    ["is a text in a key", "((k)): 1", { k: [2] }, { "[2]": 1 }],
  ])("%s", (_, source, values, expected) => {
    expect(data(source, values)).toEqual(expected);
  });

  test("is refused where it makes more of the text than a file may have", () => {
    const values = { t: "x".repeat(100_000), l: Array.from({ length: 10_000 }, () => "x".repeat(10)) };
    for (const source of [`a: "${"((t))".repeat(50_000)}"`, "- ((l))\n".repeat(20_000)]) {
      expect(() => fillSource(source, values)).toThrow("over 1 MiB");
    }
  });

  test("may stand in a text very often", () => {
    const source = "- ((t))\n".repeat(28_000);
    expect(fillSource(source, { t: "x" })).toHaveLength(source.length - 28_000 * 4);
  });

  test("is filled once, whatever it holds", () => {
    const values = { l: ["((l))", { k: "((s))" }], s: "((l))" };
    expect(data("a: ((l))\nb: ((s))\n", values)).toEqual({ a: ["((l))", { k: "((s))" }], b: "((l))" });
  });

  test("of a field that it does not have is told with its line", () => {
    expect(() => fillSource("a: 1\nb: ((db.port))\n", { db: { host: "h" } })).toThrow(
      'line 2: ((db.port)): the value given has no "port"',
    );
  });
});

test("what is not given, local or of a source stays as it is, beside what is filled", () => {
  expect(data("a: ((x))-((y))\nb: ((.:x))\nc: ((vault:x))", { x: "1" })).toEqual({
    a: "1-((y))",
    b: "((.:x))",
    c: "((vault:x))",
  });
});

test("comments, anchors and the order of fields stay", () => {
  const source = "# top\nz: &base\n  image: ((image)) # which\n  n: 1\na:\n  <<: *base\n";
  expect(fillSource(source, { image: "alpine" })).toBe(source.replace("((image))", "alpine"));
  const list = "a:\n  - 1\n  # above\n  - ((n)) # beside\n  - &n ((n))\n  - *n\n";
  expect(fillSource(list, { n: 3 })).toBe(list.replaceAll("((n))", "3"));
});

test("long lines stay as long as they are, and a key that is there twice is for others to tell", () => {
  const source = `a: ((x))\na: ${"word ".repeat(60)}end\n`;
  expect(fillSource(source, { x: "1" })).toBe(source.replace("((x))", '"1"'));
});

test("numbers stay what they are to whoever reads the text", () => {
  expect(data("a: ((x))\nmode: 0755\nid: 123456789012345678\nn: 5\nr: 1.50\n", { x: "1" })).toEqual({
    a: "1",
    mode: "0755",
    id: "123456789012345678",
    n: 5,
    r: 1.5,
  });
});

test("a text with nothing to fill is the same, to the byte", () => {
  const source = "a:    [ 1,2 ]   # odd\n\n\nb: ((y))\n";
  expect(fillSource(source, { x: 1 })).toBe(source);
});

test("what is no YAML is told with its line", () => {
  expect(() => fillSource("a: 1\nb: [", { x: 1 })).toThrow(/line \d+: the YAML cannot be read/);
});
