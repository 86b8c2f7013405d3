// Texts with holes: what is put into them, and what each problem says.

import { describe, expect, test } from "bun:test";
import {
  checkTemplate,
  fillNotificationTemplate,
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
  return fillTemplate(template, createTemplateVariables({ ...empty, ...source }, params), () => 0);
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
    ['${payload.missing ?? "main"}', "main"],
    ["${payload.missing[0]}", ""],
    ["${payload.missing[1:]}", ""],
    ["${payload.ref | trimPrefix(`refs/heads/`)}", "main"],
    ["${let r = payload.ref; {a: r}.a}", "refs/heads/main"],
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
      message: 'the expression is a list, not a text, a number, true or false, in "${payload.list}"',
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
    ["deploy-${payload.ref", '"${" is never closed (column 8)'],
    [
      "deploy-${paylod.ref}",
      "known are provider, eventType, method, headers, query, body, payload, params (column 10)",
    ],
    ["${}", "the expression is empty (column 3)"],
    ["ab${1 +}", "the expression ends here; a value is expected (column 8)"],
    ['${"open}', "the text is not closed (column 3)"],
    ["${payload.ref = 1}", 'write "==" to compare (column 15)'],
  ])("of %j says %j", (template, message) => {
    if (message === null) expect(checkTemplate(template)).toBeNull();
    else expect(checkTemplate(template)).toContain(message);
  });
});

test("a condition has no parameters, which only holes have", () => {
  const result = evaluateCondition('params.target == "nas"', createConditionVariables(empty), () => 0);
  expect(result).toMatchObject({ ok: false });
});

describe("a notification", () => {
  const variables = {
    title: "deploy failed",
    message: "exit 1",
    level: "error",
    link: null,
    id: "evt_1",
    type: "run.failed",
    created_at: "2026-01-01T00:00:00.000Z",
    data: { pipeline: "deploy", error: { code: "SCRIPT_ERROR" } },
    metadata: { instance: "nas" },
  };

  test.each([
    ["[${metadata.instance}] ${title}", "[nas] deploy failed"],
    ["${data.error.code}${data.none.at.all}${link}: ${message}", "SCRIPT_ERROR: exit 1"],
    ['${level == "error" ? "!" : ""}${type}', "!run.failed"],
  ])("fills %j", (template, text) => {
    expect(checkTemplate(template, "notification")).toBeNull();
    expect(fillNotificationTemplate(template, variables, Date.now)).toEqual({ ok: true, text });
  });

  test("knows other variables than a run, whose texts may be the same", () => {
    expect(checkTemplate("${payload.ref}")).toBeNull();
    expect(checkTemplate("${payload.ref}", "notification")).toContain("payload");
    expect(checkTemplate("${data.ref}", "notification")).toBeNull();
    expect(checkTemplate("${data.ref}")).toContain("data");
  });
});
