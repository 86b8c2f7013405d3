// Every expression of this folder against the requests in variables.json, and what each must come to.
// `section` is where the language definition says so: https://expr-lang.org/docs/language-definition.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonValue } from "../../../src/core/json.ts";
import {
  type ConditionSource,
  createConditionVariables,
  evaluateCondition,
  evaluateExpression,
} from "../../../src/expressions/expressions.ts";

type Case = {
  readonly section: string;
  readonly variables: string;
  readonly expression: string;
} & (
  | { readonly expected: JsonValue }
  /** The first line of the message. */
  | { readonly error: string }
);

const read = (file: string): unknown => JSON.parse(readFileSync(join(import.meta.dir, file), "utf8"));
const requests = read("variables.json") as Readonly<Record<string, ConditionSource>>;
const suites = readdirSync(import.meta.dir).filter((file) => file.endsWith(".json") && file !== "variables.json");
const now = (): number => Date.parse("2026-11-28T12:00:00Z");

for (const suite of suites) {
  describe(suite, () => {
    for (const each of read(suite) as readonly Case[]) {
      const outcome = "error" in each ? `is refused: ${each.error}` : `is ${JSON.stringify(each.expected)}`;
      test(`${each.section}: ${JSON.stringify(each.expression)} on ${each.variables} ${outcome}`, () => {
        const source = requests[each.variables];
        if (source === undefined) throw new Error(`variables.json has no ${each.variables}`);
        const variables = createConditionVariables(source);
        const result = evaluateExpression(each.expression, variables, now);
        if ("expected" in each) expect(result).toEqual({ ok: true, value: each.expected });
        else expect({ ok: result.ok, error: firstLine(result) }).toEqual({ ok: false, error: each.error });
        const condition = evaluateCondition(each.expression, variables, now);
        const isBoolean = "expected" in each && typeof each.expected === "boolean";
        expect(condition.ok ? condition.value : "none").toBe(isBoolean ? (each.expected as boolean) : "none");
      });
    }
  });
}

function firstLine(result: ReturnType<typeof evaluateExpression>): string {
  return result.ok ? JSON.stringify(result.value) : (result.message.split("\n")[0] ?? "");
}

test("every condition in the scripts of the webhook contract is among the cases, on a request of which it holds", () => {
  const folder = join(import.meta.dir, "../../fixtures/seed-001/pipelines");
  const scripts = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
  const conditions = scripts.flatMap((script) =>
    [...script.matchAll(/webhookTrigger\(\s*'([^']+)'/g)].map(([, condition]) => condition),
  );
  expect(conditions.length).toBeGreaterThanOrEqual(2);
  const holding = (read("seed.json") as readonly Case[]).filter((each) => "expected" in each && each.expected === true);
  for (const condition of conditions) expect(holding.map(({ expression }) => expression)).toContain(condition ?? "");
});

test("there are at least 300 cases, and none is given twice", () => {
  const all = suites.flatMap((suite) => read(suite) as readonly Case[]);
  const keys = all.map(({ variables, expression }) => `${variables} ${expression}`);
  expect(all.length).toBeGreaterThanOrEqual(300);
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
});
