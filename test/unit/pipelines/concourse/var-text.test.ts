// `((vars))` in texts, as Concourse writes them.

import { expect, test } from "bun:test";
import { fillVars, findVarRefs, SecretValue } from "../../../../src/pipelines/concourse/var-text.ts";

test("a var is found with its source, its name and its fields, and what is no var is left out", () => {
  const found = findVarRefs('((a)) ((.:b.c)) ((src:"x.y".z)) (( a )) ((a b)) $((1 + 2)) ((');
  expect(found.map(({ source, name, fields, offset }) => [source, name, fields, offset])).toEqual([
    [null, "a", [], 0],
    [".", "b", ["c"], 6],
    ["src", "x.y", ["z"], 16],
  ]);
  const [quoted] = findVarRefs('(("example.org"/token.key))');
  expect([quoted?.name, quoted?.fields]).toEqual(["example.org/token", ["key"]]);
  expect(findVarRefs(`((${"x".repeat(513)}))`)).toEqual([]);
  expect(findVarRefs('printf "%s%s" "((" "secret:key))"')).toEqual([]);
});

test("a text that is nothing but a var becomes its value, others have its text, and secrets stay references", () => {
  const values: Readonly<Record<string, unknown>> = { list: [1, 2], text: "x", key: new SecretValue("secret:key") };
  const fill = (value: string): unknown => fillVars(value, ({ name }) => values[name] as string);
  expect(fill("((list))")).toEqual([1, 2]);
  expect(fill("a ((list)) ((text))")).toBe("a [1,2] x");
  expect(fill("Bearer ((key))")).toEqual({ parts: ["Bearer ", { secret: "secret:key" }] });
});
