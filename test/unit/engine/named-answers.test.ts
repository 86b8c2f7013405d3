import { expect, test } from "bun:test";
import { NamedAnswers } from "../../../src/engine/rehearsal/named-answers.ts";

const read = (table: Record<string, string | string[]>): NamedAnswers<string> =>
  NamedAnswers.read("t", table, (_, value) => value as string);

test("one answer is for every call, a list for as many as it has", () => {
  const answers = read({ a: "x", b: ["1", "2"], none: [] });
  const take = (name: string): unknown => answers.take(name);
  expect([take("a"), take("a")]).toEqual([
    { type: "answer", answer: "x" },
    { type: "answer", answer: "x" },
  ]);
  expect([take("b"), take("b"), take("b")]).toEqual([
    { type: "answer", answer: "1" },
    { type: "answer", answer: "2" },
    { type: "used_up", count: 2 },
  ]);
  expect(take("none")).toEqual({ type: "used_up", count: 0 });
});

test("the exact name wins over the longest beginning, and that over a shorter one", () => {
  const answers = read({ "*": "any", "de*": "de", "deploy*": "deploy", "deploy it": "exact" });
  const found = ["deploy it", "deploy them", "delete", "x"].map((name) => answers.take(name));
  expect(found.map((each) => (each.type === "answer" ? each.answer : each.type))).toEqual([
    "exact",
    "deploy",
    "de",
    "any",
  ]);
  expect(answers.unused).toEqual([]);
});

test("what is missing may be meant by another name, and what was never taken is known", () => {
  const answers = read({ deploi: "x" });
  expect(answers.take("deploy")).toEqual({ type: "missing", meant: "deploi" });
  expect(answers.take("test")).toEqual({ type: "missing", meant: undefined });
  expect([answers.unused, answers.has("deploi"), answers.has("deploy")]).toEqual([["deploi"], true, false]);
});
