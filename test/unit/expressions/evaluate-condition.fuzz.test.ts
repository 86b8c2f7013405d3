// No expression throws or hangs; and where jexl's own evaluator has the same meaning, it is the oracle.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import jexl from "jexl";
import { createConditionVariables, evaluateCondition } from "../../../src/expressions/expressions.ts";

const payload = {
  ref: "main",
  size: 2,
  flag: true,
  list: [1, "a", null],
  rows: [{ n: 1 }, { n: 2 }],
  deep: { a: { b: 3 } },
};
const source = {
  provider: "github",
  eventType: "push",
  method: "POST",
  headers: { "x-a": "1" },
  query: { q: "v" },
  body: JSON.stringify(payload),
};
const variables = createConditionVariables(source);

const words = [
  ..."provider eventType method headers query body payload".split(" "),
  ..."and or not in contains startsWith endsWith matches nil true false".split(" "),
  ..."ref size flag list rows deep a b n constructor __proto__ toString".split(" "),
  ..."== != < > <= >= && || ! + - * / // % ^ ( ) [ ] { } . , : ? | = & @ ' \" \\ $3 #3".split(" "),
  ...`0 1 -2 1.5 1e9 "#1" "$2" 'x' "" "\\\\" "(" "a*" "refs/" 🔑 é \u2028 \ud800`.split(" "),
  "",
];

function evaluateSafely(expression: string): boolean {
  const result = evaluateCondition(expression, variables);
  return result.ok ? typeof result.value === "boolean" : result.message.length > 0;
}

describe("no expression throws", () => {
  test("made of words of the language", () => {
    const expressions = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((parts) => parts.join(" "));
    fc.assert(fc.property(expressions, evaluateSafely), { numRuns: 5000 });
  });

  test("made of words without spaces between them", () => {
    const expressions = fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((parts) => parts.join(""));
    fc.assert(fc.property(expressions, evaluateSafely), { numRuns: 3000 });
  });

  test("made of any characters", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), evaluateSafely), { numRuns: 2000 });
  });

  test("made by damaging a good one", () => {
    const good =
      'provider == "github" && eventType in ["push", "tag"] && payload.rows[.n > 1][0].n == 2 ? payload.flag : not true';
    expect(evaluateCondition(good, variables)).toEqual({ ok: true, value: true });
    const damage = fc.tuple(fc.nat(good.length), fc.nat(4), fc.constantFrom(...words));
    fc.assert(
      fc.property(damage, ([at, removed, word]) => evaluateSafely(good.slice(0, at) + word + good.slice(at + removed))),
      { numRuns: 3000 },
    );
  });

  test("with any pattern and any text", () => {
    const parts = fc.constantFrom(
      ..."( ) [ ] { } * + ? | . ^ $ a b \\d \\b (?i) {2,3} {9} [^a] \\x{10} \\pL \ud800 é".split(" "),
    );
    const patterns = fc.array(parts, { maxLength: 15 }).map((list) => list.join(""));
    fc.assert(
      fc.property(patterns, fc.string({ unit: "binary" }), (pattern, body) => {
        const result = evaluateCondition(
          `body matches ${JSON.stringify(pattern)}`,
          createConditionVariables({ ...source, body }),
        );
        return result.ok || result.message.length > 0;
      }),
      { numRuns: 2000 },
    );
  });
});

test("a text between quotes is the text that was meant", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.constantFrom('"', "'"), (body, quote) => {
      const escaped = body.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`);
      const result = evaluateCondition(
        `body == ${quote}${escaped}${quote}`,
        createConditionVariables({ ...source, body }),
      );
      return result.ok && result.value;
    }),
  );
});

/** Conditions on which jexl and this dialect agree: comparisons of one type, joined with brackets at each level. */
const conditions = fc.letrec<{ readonly condition: string; readonly number: string; readonly text: string }>((tie) => ({
  number: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(
      "0",
      "1",
      "2.5",
      "payload.size",
      "payload.deep.a.b",
      "payload.rows[1].n",
      "payload.rows[.n == 2][0].n",
    ),
    fc.tuple(tie("number"), fc.constantFrom("+", "-", "*"), tie("number")).map((parts) => `(${parts.join(" ")})`),
    fc.tuple(tie("condition"), tie("number"), tie("number")).map(([test, a, b]) => `(${test} ? ${a} : ${b})`),
  ),
  text: fc.constantFrom(
    '"main"',
    "'push'",
    "provider",
    "eventType",
    "payload.ref",
    'headers["x-a"]',
    "query.q",
    "payload.list[1]",
  ),
  condition: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.constantFrom("true", "false", "payload.flag"),
    fc
      .tuple(tie("number"), fc.constantFrom("==", "!=", "<", ">", "<=", ">="), tie("number"))
      .map((parts) => `(${parts.join(" ")})`),
    fc
      .tuple(tie("text"), fc.constantFrom("==", "!=", "<", ">", "in"), tie("text"))
      .map((parts) => `(${parts.join(" ")})`),
    tie("text").map((text) => `(${text} in ["push", payload.ref])`),
    fc.tuple(tie("condition"), fc.constantFrom("&&", "||"), tie("condition")).map((parts) => `(${parts.join(" ")})`),
    tie("condition").map((condition) => `!${condition}`),
  ),
})).condition;

test("a condition comes to what jexl's own evaluator comes to", () => {
  fc.assert(
    fc.property(conditions, (expression) => {
      fc.pre((expression.match(/\(/g) ?? []).length < 50 && expression.length < 4000);
      const oracle: unknown = jexl.evalSync(expression, { ...source, payload });
      expect(evaluateCondition(expression, variables)).toEqual({ ok: true, value: oracle === true });
    }),
    { numRuns: 3000 },
  );
});
