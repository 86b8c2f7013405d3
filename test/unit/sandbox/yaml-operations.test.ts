// YAML for scripts: what is read and written, and that no text takes long.

import { describe, expect, test } from "bun:test";
import { parseYaml, stringifyYaml } from "../../../src/sandbox/process/yaml-operations.ts";

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
  readonly line?: number;
  readonly column?: number;
}

const parse = (text: string, all = false): Answer => JSON.parse(parseYaml(JSON.stringify({ text, all }))) as Answer;
const stringify = (value: unknown): Answer => JSON.parse(stringifyYaml(JSON.stringify(value))) as Answer;

describe("parse", () => {
  test.each([
    ["a: 1\nb: [x, 'y', true, null, 1.5]", { a: 1, b: ["x", "y", true, null, 1.5] }],
    ["", null],
    ["# nothing\n", null],
    ["~", null],
    ["just text", "just text"],
    ["[yes, no, on, 0x10, 0o7, 1e3, 2020-01-01, 1:30]", ["yes", "no", "on", 16, 7, 1000, "2020-01-01", "1:30"]],
    ["a: |\n  x\n  y\nb: >\n  x\n  y\n", { a: "x\ny\n", b: "x y\n" }],
    ["1: a\ntrue: b\n~: c\n? d\n", { 1: "a", true: "b", "": "c", d: null }],
    ["a: &x [1]\nb: *x\n", { a: [1], b: [1] }],
    ["a: &x 1\nb: &x 2\nc: *x\n", { a: 1, b: 2, c: 2 }],
    ["[a: 1, b]", [{ a: 1 }, "b"]],
    ["a: !mine 1\nb: !!str 1", { a: "1", b: "1" }],
    ["\uFEFFa: 1", { a: 1 }],
    ["--- a\n...", "a"],
  ])("%p", (text, value) => expect(parse(text)).toEqual({ value }));

  test("makes numbers of whole numbers, or the texts that were written where that is asked for", () => {
    const text = "[0755, 007, 123456789012345678, -9007199254740993, 9007199254740991, 0, -1, 1.50, 0x1F, '08']";
    const [rounded, exact] = [Number("123456789012345678"), Number("-9007199254740993")];
    expect(parse(text).value).toEqual([755, 7, rounded, exact, 9007199254740991, 0, -1, 1.5, 31, "08"]);
    const asWritten = JSON.parse(parseYaml(JSON.stringify({ text, all: false, asWritten: true }))) as Answer;
    const texts = ["0755", "007", "123456789012345678", "-9007199254740993"];
    expect(asWritten.value).toEqual([...texts, 9007199254740991, 0, -1, 1.5, 31, "08"]);
  });

  test("keeps a key called __proto__ a key", () => {
    expect(parseYaml(JSON.stringify({ text: "__proto__: { a: 1 }", all: false }))).toBe(
      '{"value":{"__proto__":{"a":1}}}',
    );
  });

  test.each([
    ["x: &x { a: 1, b: 2 }\ny:\n  <<: *x\n  b: 3", { x: { a: 1, b: 2 }, y: { a: 1, b: 3 } }],
    ["x: &x { a: 1 }\ny:\n  a: 0\n  <<: *x", { x: { a: 1 }, y: { a: 0 } }],
    [
      "p: &p { a: 1, b: 1 }\nq: &q { b: 2, c: 2 }\nr: { <<: [*p, *q] }",
      { p: { a: 1, b: 1 }, q: { b: 2, c: 2 }, r: { a: 1, b: 1, c: 2 } },
    ],
    ["'<<': text", { "<<": "text" }],
  ])("merges %p", (text, value) => expect(parse(text)).toEqual({ value }));

  test.each([
    ["a: [1", 1, 6, "]"],
    ["a: 1\nb: 2\na: 3", 3, 1, "twice"],
    ["a: 1\n b: 2", 1, 4, "mappings"],
    ["a: *b", 1, 4, "no anchor &b"],
    ["a: &a [*a]", 1, 8, "contains it"],
    ["x: 1\ny: .inf", 2, 4, "infinity"],
    ["? [a]\n: 1", 1, 3, "a key must be"],
    ["a: { <<: 1 }", 1, 6, "takes a map"],
    ["--- 1\n--- 2", 2, 1, "parseAll"],
    ['"\\q"', 1, 2, "escape"],
    ["\ta: 1", 1, 1, ""],
  ])("refuses %p at line %p, column %p", (text, line, column, word) => {
    const answer = parse(text);
    expect(answer.error ?? JSON.stringify(answer.value)).toContain(word);
    expect(answer).toMatchObject({ line, column });
  });

  test("parseAll gives every document", () => {
    expect(parse("a: 1\n---\n- 2\n--- *x\n", true)).toMatchObject({ line: 4 });
    expect(parse("a: 1\n---\n- 2\n---\n", true)).toEqual({ value: [{ a: 1 }, [2], null] });
    expect(parse("", true)).toEqual({ value: [] });
    // An anchor is one of its document.
    expect(parse("- &x 1\n---\n- *x", true).error).toContain("no anchor &x");
  });
});

test.each([
  [{ a: 1, b: ["x", { c: null }] }, "a: 1\nb:\n  - x\n  - c: null\n"],
  ["yes", '"yes"\n'],
  ["1:30", '"1:30"\n'],
  ["line\nline\n", "|\nline\nline\n"],
  [{}, "{}\n"],
  [[], "[]\n"],
  ["x ".repeat(100).trim(), `${"x ".repeat(100).trim()}\n`],
])("stringify %p", (value, text) => {
  expect(stringify(value)).toEqual({ value: text });
  expect(parse(text)).toEqual({ value });
});

const folded = `${" \n".repeat(30)}\tend`;
test.each<[unknown]>([
  [" \n"],
  ["  indented\nmore"],
  ["\n then"],
  ["\uFEFF1"],
  [folded],
  [{ key: " \n" }],
  [{ key: [folded] }],
  [{ [folded]: 1 }],
])("what stringify makes of %j is read as the same again", (value) => {
  expect(parse(String(stringify(value).value))).toEqual({ value });
});

describe("no text takes long", () => {
  const length = 1024 * 1024;
  const fill = (text: string): string => text.repeat(Math.floor(length / text.length));
  const count = (text: (index: number) => string, times: number): string =>
    Array.from({ length: times }, (_, i) => text(i)).join("");
  const laughs = `a0: &a0 [x]\n${count((i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]\n`, 40)}`;
  const texts: readonly (readonly [title: string, text: string, error: RegExp | null])[] = [
    ["many keys", count((i) => `key-${i}: some text that is a little longer\n`, 20_000), null],
    ["one long line", `a: ${fill("x y ")}`, null],
    ["escapes", `"${fill("\\n")}"`, null],
    ["wrong escapes", `"${fill("\\q")}"`, /escape/],
    ["brackets", fill("}{"), /Unexpected/],
    ["errors", fill("]\n"), /Unexpected/],
    ["documents", fill("---\n"), /10000 documents/],
    ["a list", `[${fill("1,")}]`, /tokens/],
    ["deep lists", "[".repeat(length), /100 levels/],
    ["deep maps", "{a: ".repeat(length / 4), /100 levels/],
    ["deep keys", "? ".repeat(length / 2), /100 levels/],
    ["deep blocks", count((i) => `${" ".repeat(i)}a:\n`, 1000), /100 levels/],
    ["aliases of aliases", laughs, /4 MiB/],
    ["aliases of a long text", `a: &a ${"x".repeat(length / 2)}\nb: [${"*a, ".repeat(9)}]`, /4 MiB/],
    ["merges of a large map", `a: &a {${count((i) => `k${i}: 1, `, 5000)}}\nb:\n${"- <<: *a\n".repeat(5000)}`, /4 MiB/],
    ["a chain of aliases", `- &a0 1\n${count((i) => `- &a${i + 1} [*a${i}]\n`, 1000)}`, /100 levels/],
    ["one long word in a message", fill("!"), /./],
  ];
  test.each(texts)("parse: %s", (_, text, error) => {
    const startedAt = process.cpuUsage();
    const answer = parse(text);
    const { user } = process.cpuUsage(startedAt);
    if (error === null) expect(answer.error).toBeUndefined();
    else expect(answer.error).toMatch(error);
    expect(answer.error?.length ?? 0).toBeLessThan(400);
    // The sandbox process is ended where it does not yield for 5.5 s.
    expect(user / 1e6).toBeLessThan(5);
  });

  const nest = (value: unknown, levels: number): unknown => (levels === 0 ? value : nest([value], levels - 1));
  const values: readonly (readonly [title: string, value: unknown, error: RegExp | null])[] = [
    ["a long list", Array(150_000).fill(""), null],
    ["too many values", Array(250_000).fill({}), /200000 values/],
    ["deep", nest(1, 5000), /100 levels/],
    ["a list at the end of a deep one", nest(Array(100_000).fill(1), 90), /4 MiB/],
    ["lines at the end of a deep one", nest("\n".repeat(200_000), 90), /4 MiB/],
    ["a long text", "a \n'\"".repeat(100_000), null],
  ];
  test.each(values)("stringify: %s", (_, value, error) => {
    const answer = stringify(value);
    if (error === null) expect(answer.error).toBeUndefined();
    else expect(answer.error).toMatch(error);
  });
});
