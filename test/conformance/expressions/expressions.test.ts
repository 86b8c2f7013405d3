// Every expression of this folder against the requests in variables.json, and what each must come to.

import { describe, expect, test } from "bun:test";
import {
  type ConditionSource,
  createConditionVariables,
  evaluateCondition,
} from "../../../src/expressions/expressions.ts";
import dialect from "./dialect.json";
import errors from "./errors.json";
import seed from "./seed.json";
import variables from "./variables.json";

interface Case {
  readonly variables: string;
  readonly expression: string;
  /** The beginning of the message where it is an error. */
  readonly expected: boolean | { readonly error: string };
}

const requests: ReadonlyMap<string, unknown> = new Map(Object.entries(variables));
const suites: Readonly<Record<string, readonly Case[]>> = { seed, dialect, errors };

for (const [suite, cases] of Object.entries(suites)) {
  describe(suite, () => {
    for (const { variables: name, expression, expected } of cases) {
      const outcome = typeof expected === "boolean" ? String(expected) : "an error";
      test(`${JSON.stringify(expression)} on ${name} is ${outcome}`, () => {
        const source = requests.get(name) as ConditionSource;
        const result = evaluateCondition(expression, createConditionVariables(source));
        if (typeof expected === "boolean") expect(result).toEqual({ ok: true, value: expected });
        else expect(result).toEqual({ ok: false, message: expect.stringContaining(expected.error) });
        if (!result.ok && typeof expected !== "boolean") expect(result.message).toStartWith(expected.error);
      });
    }
  });
}
