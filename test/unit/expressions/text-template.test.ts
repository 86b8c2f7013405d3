// Texts with holes: what is put into them, and what each problem says.

import { describe, expect, test } from "bun:test";
import {
  checkTemplate,
  type ConditionSource,
  createConditionVariables,
  createTemplateVariables,
  evaluateCondition,
  fillTemplate,
} from "../../../src/expressions/expressions.ts";

const empty: ConditionSource = {
  provider: "github",
  eventType: "push",
  method: "POST",
  headers: {},
  query: {},
  body: "",
};

function fill(template: string, source: Partial<ConditionSource> = {}, params: unknown = {}) {
  return fillTemplate(template, createTemplateVariables({ ...empty, ...source }, params));
}

describe("fillTemplate()", () => {
  test.each([
    ["plain", "plain"],
    ["", ""],
    ["deploy-${payload.ref}", "deploy-refs/heads/main"],
    ["${payload.ref}${payload.n}", "refs/heads/main7"],
    ["${payload.deep.flag}!", "true!"],
    ["a${payload.missing.member}b", "ab"],
    ["${params.target}-${eventType}", "nas-push"],
    ['${payload.missing ?: "main"}', "main"],
    ['${"}${"}', "}${"],
    ['${"a" in {a: {b: 1}}}', "true"],
    ["$payload {payload.ref} $", "$payload {payload.ref} $"],
    ['${payload.ref == "refs/heads/main" ? "main" : "other"}', "main"],
  ])("makes of %j the text %j", (template, text) => {
    const body = JSON.stringify({ ref: "refs/heads/main", n: 7, deep: { flag: true } });
    expect(fill(template, { body }, { target: "nas" })).toEqual({ ok: true, text });
  });

  test("leaves a hole empty whose value is no text, and says which and why", () => {
    const body = JSON.stringify({ list: [1], n: 1 });
    expect(fill("a-${payload.list}-${payload.n}", { body })).toEqual({
      ok: false,
      text: "a--1",
      message: 'the expression is a list, not a text, a number, true or false: "payload.list"',
    });
    expect(fill("${payload.n - method}", { body })).toMatchObject({ ok: false, text: "" });
  });

  test("takes what no expression could be as it stands, and says so", () => {
    expect(fill("${payload.}")).toMatchObject({ ok: false, text: "${payload.}" });
  });
});

describe("checkTemplate()", () => {
  test.each([
    ["deploy-${payload.ref}", null],
    ["", null],
    ["deploy-${payload.ref", '"${" is never closed (character 8 of "deploy-${payload.ref")'],
    ["deploy-${paylod.ref}", "known are provider, eventType, method, headers, query, body, payload, params"],
    ["${}", "the expression is empty (character 3 of"],
    ["ab${1 +}", 'something is missing after "+" (character 7 of'],
    ['${"open}', "the text is not closed (character 3 of"],
    ["${payload.ref = 1}", 'write "==" to compare (character 15 of'],
  ])("of %j says %j", (template, message) => {
    if (message === null) expect(checkTemplate(template)).toBeNull();
    else expect(checkTemplate(template)).toContain(message);
  });
});

test("a condition has no parameters, which only holes have", () => {
  const result = evaluateCondition('params.target == "nas"', createConditionVariables(empty));
  expect(result).toMatchObject({ ok: false });
});
