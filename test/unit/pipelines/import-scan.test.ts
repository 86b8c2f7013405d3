// Finding imports, their attributes and their places in source texts.

import { describe, expect, test } from "bun:test";
import { scanImports } from "../../../src/pipelines/import-scan.ts";

const summary = (source: string): unknown[] =>
  scanImports(source).map(({ kind, specifier, attribute }) => [kind, specifier, attribute]);

describe("scanImports()", () => {
  test.each([
    ['import "a"', [["static", "a", null]]],
    ["import x, { y as z } from 'a'", [["static", "a", null]]],
    ['import * as x from "a" with { type: "text" }', [["static", "a", "text"]]],
    ['import x from "a" assert { "type": "json" }', [["static", "a", "json"]]],
    [
      'export * from "a"; export { b } from "c"',
      [
        ["static", "a", null],
        ["static", "c", null],
      ],
    ],
    ['export const a = "b"; export default from; export { c }; "d"', []],
    ['import\n{\n  a,\n}\nfrom\n"b"\nwith\n{\ntype: "macro"\n}', [["static", "b", "macro"]]],
    ["await import('a')", [["dynamic", "a", null]]],
    ["import(`a`)", [["dynamic", "a", null]]],
    ["import(`a${b}`)", [["dynamic", null, null]]],
    ["import('a' + b)", [["dynamic", null, null]]],
    ["import('a', { with: { type: 'file' } })", [["dynamic", "a", "file"]]],
    [
      "require('a'); require(b); require.resolve('c')",
      [
        ["require", "a", null],
        ["require", null, null],
        ["require", "c", null],
      ],
    ],
    ["import.meta.require('a')", [["require", "a", null]]],
    ['import x = require("a")', [["require", "a", null]]],
    ["a ? import(b) : c", [["dynamic", null, null]]],
    ['import "\\u0061\\x62"', [["static", "ab", null]]],
  ])("reads the imports of %p", (source, expected) => {
    expect(summary(source)).toEqual(expected);
  });

  test.each([
    '// import "a"',
    '/* import "a" */',
    "const s = 'import \"a\"'",
    'const t = `import "a" ${b} import "c"`',
    "const r = /import('a')/",
    "loader.import(a); loader.require(a)",
    "class A { import(x) { return x } require(x: string): void {} }",
    "function require(x) {}",
    "x.constructor; toString; hasOwnProperty('a')",
  ])("finds no import in %p", (source) => {
    expect(summary(source)).toEqual([]);
  });

  test("sees what follows a template, a regular expression and an apostrophe in JSX", () => {
    const source = "const a = `${`${b}`}`, c = d / e / f, g = [/['\"`]/, x++ / 2];\nreturn <p>don't</p>\nimport(`y`)";
    expect(summary(source)).toEqual([["dynamic", "y", null]]);
  });

  test("says which imports are of types only", () => {
    const source =
      'import type { A } from "a"; import type from "b"; import type, { c } from "c"; export type { D } from "d"';
    expect(scanImports(source).map(({ typeOnly }) => typeOnly)).toEqual([true, false, false, true]);
  });

  test("gives line and column of the specifier, from 1", () => {
    const [first, second] = scanImports('#!/usr/bin/env runner\n\nimport a from "b";\n  import(c)');
    expect([first?.line, first?.column, second?.line, second?.column]).toEqual([3, 15, 4, 3]);
  });

  test("takes hostile texts in linear time", () => {
    const startedAt = performance.now();
    for (const piece of ["`${", "import ", "require(", "/[", '"\\', "import {", "{", "import(a,"])
      scanImports(piece.repeat(20_000));
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
