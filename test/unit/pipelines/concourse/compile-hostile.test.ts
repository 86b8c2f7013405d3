// No text makes the compiler throw, nor work for long: whatever is wrong is a problem, at a place.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { configChecks } from "../../../../src/app/config-checks.ts";
import { compileFile } from "../../../../src/pipelines/pipelines.ts";

function compile(text: string): ReturnType<typeof compileFile> {
  const compiled = compileFile("ci.yml", text, configChecks);
  for (const { line, column, message } of compiled.problems) {
    expect(message).not.toBe("");
    expect(line ?? 0).toBeGreaterThan(0);
    expect(column ?? 0).toBeGreaterThan(0);
  }
  return compiled;
}

const mebibyte = 1024 ** 2;
/** Names that are all much alike, and long. */
const namesOf = (count: number, first: string): readonly string[] =>
  Array.from({ length: count }, (_, index) => first + "abcdefghij".repeat(5) + String(index));
const listOf = (names: readonly string[], print: (name: string) => string): string => names.map(print).join();
const hostile: Readonly<Record<string, string>> = {
  "brackets that are never closed": "[".repeat(mebibyte),
  "brackets side by side": "[],".repeat(mebibyte / 3),
  "maps in maps": "{a: ".repeat(100_000),
  indentation: Array.from({ length: 1000 }, (_, level) => `${" ".repeat(level)}a:`).join("\n"),
  "steps in steps": `jobs:\n  - name: a\n    plan: [${"{ do: [".repeat(5000)}`,
  "one word": "x".repeat(mebibyte),
  anchors: "- &a x\n".repeat(mebibyte / 7),
  keys: Array.from({ length: 60_000 }, (_, index) => `k${String(index)}: 1`).join("\n"),
  documents: "---\n".repeat(mebibyte / 4),
  "zero bytes": "\u0000".repeat(mebibyte),
  tabs: "\t".repeat(mebibyte),
  parentheses: `jobs: [{ name: a, plan: [{ task: t, params: { A: "${"((".repeat(200_000)}" } }] }]`,
  jobs: `jobs: [${"{ name: a, plan: [{ do: [] }] },".repeat(20_000)}]`,
  "jobs that all wait": `jobs: [${Array.from({ length: 1000 }, (_, index) => `{ name: j${String(index)}, plan: [{ get: r, passed: [j${String((index + 1) % 1000)}] }] }`).join()}]`,
  "jobs that are not there, among many": `jobs: [${listOf(namesOf(500, "a"), (name) => `{ name: ${name}, plan: [{ get: r }] }`)},
    { name: z, plan: [{ get: r, passed: [${listOf(namesOf(2000, "b"), String)}] }] }]`,
  "inputs that nobody makes, among many": `jobs: [{ name: z, plan: [
    { task: t, config: { outputs: [${listOf(namesOf(2000, "a"), (name) => `{ name: ${name} }`)}] } },
    { task: t, config: { inputs: [${listOf(namesOf(2000, "b"), (name) => `{ name: ${name} }`)}] } }] }]`,
  "vars that nothing sets": `jobs: [{ name: z, plan: [{ task: t, params: {
    ${Array.from({ length: 15_000 }, (_, index) => `A${String(index)}: ((.:a${String(index)}))`).join()} } }] }]`,
  "a job many times by an alias": `s: &s [${"{ try: { get: x } },".repeat(100)}]\nt: &t [${"{ do: *s },".repeat(100)}]\njobs: [${"{ name: a, plan: *t },".repeat(10)}]`,
};

describe("a hostile text", () => {
  for (const [name, text] of Object.entries(hostile)) {
    test(`of ${name} is refused`, () => {
      expect(compile(text).ok).toBe(false);
    });
  }
});

const word = fc.constantFrom(
  ..."jobs name plan task get put config platform run path args inputs outputs passed do try in_parallel across".split(
    " ",
  ),
  ..."on_failure ensure resources type source git mock vars load_var file timeout attempts assert groups".split(" "),
);
const scalar = fc.oneof(
  word,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom("((a))", "((.:b))", "5m", "x/y"),
);
const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "medium" },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(word, tie("value"), { maxKeys: 5 }),
  ),
})).value;

test("any tree of the words of a pipeline is compiled, or refused with places", () => {
  fc.assert(
    fc.property(fc.dictionary(word, tree, { maxKeys: 6 }), (data) => {
      compile(JSON.stringify(data));
    }),
    { numRuns: 300 },
  );
});

test("any text is refused with places", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      expect(compile(text).ok).toBe(false);
    }),
    { numRuns: 300 },
  );
});
