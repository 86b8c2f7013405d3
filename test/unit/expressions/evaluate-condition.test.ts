import { describe, expect, test } from "bun:test";
import {
  checkCondition,
  type ConditionSource,
  type ConditionVariables,
  createConditionVariables,
  evaluateCondition,
} from "../../../src/expressions/expressions.ts";

const empty: ConditionSource = { provider: "", eventType: "", method: "POST", headers: {}, query: {}, body: "" };

function on(source: Partial<ConditionSource>): ConditionVariables {
  return createConditionVariables({ ...empty, ...source });
}

function messageOf(expression: string, source: Partial<ConditionSource> = {}): string {
  const result = evaluateCondition(expression, on(source));
  return result.ok ? `value ${result.value}` : result.message;
}

describe("payload", () => {
  test("is decoded only when it is asked for, and once", () => {
    let reads = 0;
    const source: ConditionSource = {
      ...empty,
      get body() {
        reads += 1;
        return '{"a":1}';
      },
    };
    const variables = createConditionVariables(source);
    const afterCopy = reads;
    expect(evaluateCondition('method == "POST"', variables)).toEqual({ ok: true, value: true });
    const first = variables.payload;
    expect(variables.payload).toBe(first);
    expect(first).toEqual({ a: 1 });
    expect(reads - afterCopy).toBe(1);
  });

  test.each([
    ["", null],
    ["null", null],
    ["{", null],
    ["7", 7],
    ["[1]", [1]],
  ])("of body %j is %j", (body, payload) => {
    expect(on({ body }).payload).toEqual(payload);
  });

  test("decoded from nested arrays by the hundred thousand neither throws nor hangs", () => {
    const body = "[".repeat(100_000) + "]".repeat(100_000);
    expect(typeof evaluateCondition("payload == [payload]", on({ body })).ok).toBe("boolean");
    expect(evaluateCondition("payload == payload", on({ body })).ok).toBeBoolean();
  });

  test("keeps a member named __proto__ as an ordinary one", () => {
    const body = '{"__proto__":{"a":1}}';
    expect(messageOf("payload.__proto__.a == 1", { body })).toBe("value true");
    expect(messageOf("payload.a == nil", { body })).toBe("value true");
  });
});

describe("words", () => {
  test.each([
    "order",
    "notify",
    "inbox",
    "origin",
    "android",
    "nothing",
    "nilly",
    "trueish",
    "matchesAll",
    "in_",
    "not1",
  ])("%s is a name and not an operator", (name) => {
    const body = JSON.stringify({ [name]: name, list: [name] });
    expect(messageOf(`payload.${name} == "${name}" and payload.${name} in payload.list`, { body })).toBe("value true");
    expect(messageOf(`not(payload.${name}=="${name}")or false`, { body })).toBe("value false");
  });

  test.each(["and", "or", "not", "in", "contains", "startsWith", "endsWith", "matches", "nil", "true", "false"])(
    "%s after a dot is a name",
    (name) => {
      expect(
        messageOf(`payload.${name} == 1 and payload .  ${name} != 2`, { body: JSON.stringify({ [name]: 1 }) }),
      ).toBe("value true");
    },
  );

  test("inside a text are text", () => {
    const text = `a and b or not c in d contains e matches f nil true ( ) [ ] { } && || ! == '`;
    expect(messageOf(`body == "${text}"`, { body: text })).toBe("value true");
  });
});

describe("limits", () => {
  test("an expression may have 4,096 characters and not one more", () => {
    const expression = `"${"x".repeat(4084)}" != nil`;
    expect(expression.length).toBe(4093);
    expect(messageOf(`${expression}   `)).toBe("value true");
    expect(messageOf(`${expression}    `)).toContain("longer than 4096 characters");
  });

  test.each(["(", "[", "{", "!", "not ", "payload[", "{a:", "(!", "true?", "-", "'", '"', "\\", "true ?: ", ".", "$"])(
    "4,096 characters of %j are refused and nothing overflows",
    (text) => {
      expect(evaluateCondition(text.repeat(4096 / text.length), on({})).ok).toBe(false);
    },
  );

  test("brackets nest 50 deep and not 51", () => {
    expect(messageOf(`${"(".repeat(50)}true${")".repeat(50)}`)).toBe("value true");
    expect(messageOf(`${"(".repeat(51)}true${")".repeat(51)}`)).toContain("nested deeper than 50 (character 51 of");
  });

  test("a chain of 450 operators is evaluated, one of 2,000 negations refused", () => {
    expect(messageOf(Array.from({ length: 450 }, () => "false").join(" or "))).toBe("value false");
    expect(messageOf(`${"!".repeat(1000)}true`)).toBe("value true");
    expect(messageOf(`${"!".repeat(2000)}true`)).toContain("nested deeper");
  });

  test("a pattern may have 1,000 characters and not one more", () => {
    expect(messageOf(`body matches "${"a".repeat(1000)}"`)).toBe("value false");
    expect(messageOf(`body matches "${"a".repeat(1001)}"`)).toContain("longer than 1000 characters");
  });

  test("a text made by adding has an end", () => {
    const body = "x".repeat(1 << 20);
    expect(messageOf("body + body == nil", { body })).toBe("value false");
    expect(messageOf(`${Array.from({ length: 500 }, () => "body").join("+")} == nil`, { body })).toContain(
      "the text is longer than",
    );
  });
});

describe("the cost of hostile requests", () => {
  const mebibyte = 1 << 20;
  const numbers = `[${"0,".repeat(mebibyte / 2 - 2)}0]`;
  const maps = `[${'{"x":1},'.repeat(mebibyte / 8 - 2)}{"x":1}]`;
  const texts = `[${'{"x":"z"},'.repeat(mebibyte / 10 - 2)}{"x":"z"}]`;
  const manyPayloads = Array.from({ length: 200 }, () => "payload").join(",");
  const cases: readonly (readonly [string, string])[] = [
    ["payload[payload[payload[.x == 1] == .x] == .x] == []", numbers],
    ["payload[.x in payload] == []", numbers],
    ["payload[body contains .x] == []", texts],
    ["payload[payload == payload] == payload", maps],
    ["payload[.x == 1 and body matches 'q'] == []", maps],
    [
      "body contains payload.needle",
      JSON.stringify({ needle: `${"a".repeat(4000)}b\``, hay: "a".repeat(mebibyte - 5000) }),
    ],
    ["body contains payload.needle", JSON.stringify({ needle: `${"a".repeat(500_000)}b\``, hay: "a".repeat(500_000) })],
    ["body matches '(a+)+(a|aa)+$x'", "a".repeat(mebibyte)],
    ["body matches '(a|b|c|d)*j.{150}xbk'", `${"abcdj".repeat(mebibyte / 5)}xbk`],
    ["body matches '(?:a?){400}a{400}b'", `${"a".repeat(mebibyte - 1)}b`],
    ["body == body and body == body and not (body < body)", "a".repeat(mebibyte)],
    [`[${manyPayloads}] == [${manyPayloads}]`, numbers],
  ];

  test.each(cases.map((each, index) => [index, ...each] as const))(
    "of case %i is bounded",
    (_index, expression, body) => {
      const variables = on({ body });
      const startedAt = performance.now();
      const result = evaluateCondition(expression, variables);
      expect(result).toHaveProperty("ok");
      expect(performance.now() - startedAt).toBeLessThan(5000);
    },
  );

  test("that would be too high ends the evaluation with a message", () => {
    expect(messageOf("payload[.x in payload] == []", { body: numbers })).toContain("takes too long on this request");
    expect(messageOf("body matches '(a|b){900}z'", { body: "a".repeat(mebibyte) })).toContain(
      "takes too long on this request",
    );
  });

  test("of a long text sought in a longer one is not paid at all", () => {
    const body = JSON.stringify({ needle: "a".repeat(4097), short: "a".repeat(4096), hay: "a".repeat(10_000) });
    expect(messageOf("body contains payload.short", { body })).toBe("value true");
    expect(messageOf("body contains payload.needle", { body })).toContain("longer than 4096 characters");
  });

  test("leaves ordinary conditions on a mebibyte alone", () => {
    const body = JSON.stringify({ ref: "refs/heads/main", filler: "a".repeat(mebibyte - 100) });
    expect(
      messageOf(
        'payload.ref == "refs/heads/main" and body contains "main" and body matches "(?i)REFS/(heads|tags)/main"',
        { body },
      ),
    ).toBe("value true");
    expect(messageOf("0 in payload", { body: numbers })).toBe("value true");
    expect(messageOf("payload[.x == 1][0].x == 1", { body: maps })).toBe("value true");
  });
});

describe("the message", () => {
  test("quotes a long expression only in part", () => {
    const message = messageOf(`unknown == "${"x".repeat(3000)}"`);
    expect(message).toContain('unknown name "unknown"');
    expect(message.length).toBeLessThan(400);
  });

  test("is the same the second time, when the expression is known not to compile", () => {
    expect(messageOf("unknown")).toBe(messageOf("unknown"));
  });
});

test("results stay right while far more expressions than are kept come and go", () => {
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 1200; i++)
      expect(messageOf(`method == "POST" and ${i} == ${i % 2 === 0 ? i : i + 1}`)).toBe(`value ${i % 2 === 0}`);
  }
});

test("a condition has a value at once, not a promise", () => {
  expect(evaluateCondition('method == "POST"', on({}))).toEqual({ ok: true, value: true });
});

test("without variables an expression can be told from what is none", () => {
  expect(checkCondition('payload.ref == "x"')).toEqual({ ok: true, value: true });
  expect(checkCondition('payload.ref = "x"')).toMatchObject({ ok: false });
});
