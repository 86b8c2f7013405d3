import { describe, expect, test } from "bun:test";
import {
  checkCondition,
  type ConditionSource,
  type ConditionVariables,
  createConditionVariables,
  evaluateCondition,
  evaluateExpression,
} from "../../../src/expressions/expressions.ts";

const empty: ConditionSource = { provider: "", eventType: "", method: "POST", headers: {}, query: {}, body: "" };
const now = (): number => Date.parse("2026-11-28T12:00:00Z");

function on(source: Partial<ConditionSource>): ConditionVariables {
  return createConditionVariables({ ...empty, ...source });
}

function messageOf(expression: string, source: Partial<ConditionSource> = {}): string {
  const result = evaluateCondition(expression, on(source), now);
  return result.ok ? `value ${result.value}` : result.message;
}

function valueOf(expression: string, source: Partial<ConditionSource> = {}): unknown {
  const result = evaluateExpression(expression, on(source), now);
  return result.ok ? result.value : result.message;
}

describe("payload", () => {
  test("is decoded only when it is asked for, and once", () => {
    let reads = 0;
    const variables = createConditionVariables({
      ...empty,
      get body() {
        reads += 1;
        return '{"a":1}';
      },
    });
    expect(evaluateCondition('method == "POST"', variables, now)).toEqual({ ok: true, value: true });
    expect(reads).toBe(0);
    const first = variables.payload;
    expect(evaluateCondition("payload.a == 1", variables, now)).toEqual({ ok: true, value: true });
    expect(variables.payload).toBe(first);
    expect(reads).toBe(1);
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
    for (const expression of ["payload == [payload]", "flatten(payload) == []", 'string(payload) == ""']) {
      expect(evaluateCondition(expression, on({ body }), now).ok).toBeBoolean();
    }
    expect(evaluateExpression("[payload, toJSON(payload)]", on({ body }), now).ok).toBeBoolean();
  });

  test("keeps a member named __proto__ as an ordinary one", () => {
    const body = '{"__proto__":{"a":1}}';
    expect(messageOf("payload.__proto__.a == 1", { body })).toBe("value true");
    expect(messageOf("payload.a == nil", { body })).toBe("value true");
    expect(valueOf("payload", { body })).toEqual(JSON.parse(body));
  });
});

test("a header or a parameter that is not there is the empty text, and not in its map", () => {
  const source = { headers: { "x-a": "1" }, query: {} };
  expect(valueOf('[headers["x-a"], headers["x-b"], query.a, "x-b" in headers, get(headers, "x-b")]', source)).toEqual([
    "1",
    "",
    "",
    false,
    null,
  ]);
});

describe("words", () => {
  test.each("order notify inbox origin android nothing nilly trueish matchesAll in_ not1 letter iffy".split(" "))(
    "%s is a name and not an operator",
    (name) => {
      const body = JSON.stringify({ [name]: name, list: [name] });
      const expression = `payload.${name} == "${name}" and payload.${name} in payload.list`;
      expect(messageOf(expression, { body })).toBe("value true");
      expect(messageOf(`not(payload.${name}=="${name}")or false`, { body })).toBe("value false");
    },
  );

  test.each("and or not in contains startsWith endsWith matches nil true false let if else".split(" "))(
    "%s after a dot is a name",
    (name) => {
      const body = JSON.stringify({ [name]: 1 });
      expect(messageOf(`payload.${name} == 1 and payload .  ${name} != 2`, { body })).toBe("value true");
    },
  );

  test("inside a text are text", () => {
    const text = `a and b or not c in d contains e matches f nil true ( ) [ ] { } && || ! == '`;
    expect(messageOf(`body == "${text}"`, { body: text })).toBe("value true");
  });
});

describe("limits", () => {
  test("an expression may have 10,000 characters and not one more", () => {
    const expression = `"${"x".repeat(9988)}" != nil`;
    expect(messageOf(`${expression}   `)).toBe("value true");
    expect(messageOf(`${expression}    `)).toStartWith("the expression is longer than 10000 characters\n");
  });

  test.each(
    "( [ { ! not# payload[ {a: (! true? - ' \" ` \\ true#?:# . $ # b' /* // 1.. ?. ?? | let#a=1; if#true{ all([], ^ 2^ 2** 1<".split(
      " ",
    ),
  )("10,000 characters of %j are refused and nothing overflows", (part) => {
    const text = part.replaceAll("#", " ");
    expect(evaluateCondition(text.repeat(Math.floor(10_000 / text.length)), on({}), now).ok).toBe(false);
  });

  test.each([
    ["brackets", "(", "true", ")"],
    ["lists", "[", "true", "]"],
    ["maps", "{a: ", "true", "}"],
    ["negations", "!", "true", ""],
    ["choices", "true ? ", "true", " : false"],
    ["predicates", "map([1], ", "#", ")"],
    ["powers", "1 ^ ", "1", ""],
    ["blocks", "if true { ", "true", " } else { false }"],
  ])("%s may nest 60 deep and not 65", (_what, open, inner, close) => {
    const nested = (depth: number): unknown => valueOf(open.repeat(depth) + inner + close.repeat(depth));
    expect(JSON.stringify(nested(60))).not.toContain("nested deeper");
    expect(nested(65)).toContain("the expression is nested deeper than 64 (column ");
  });

  test("a chain of members and of sums has an end, one of alternatives has none", () => {
    expect(messageOf(`payload${"?.a".repeat(60)} == nil`)).toBe("value true");
    expect(messageOf(`payload${"?.a".repeat(65)} == nil`)).toContain("nested deeper than 64");
    for (const word of ["or", "and", "||", "&&"]) {
      const isAnd = word === "and" || word === "&&";
      expect(messageOf(Array.from({ length: 900 }, () => String(isAnd)).join(` ${word} `))).toBe(`value ${isAnd}`);
    }
    expect(valueOf(Array.from({ length: 900 }, () => "nil").join(" ?? "))).toBeNull();
  });

  test("100,000 nodes are evaluated and no more", () => {
    expect(messageOf("len(filter(1..20000, # > 0)) == 20000")).toBe("value true");
    expect(messageOf("len(filter(1..100000, # > 0)) == 100000")).toStartWith(
      "the expression evaluates more than 100000",
    );
    const nested = "all(1..1000, {let a = #; all(1..1000, # + a > 0)})";
    expect(messageOf(nested)).toStartWith("the expression evaluates more than 100000 nodes (column ");
  });

  test("a text has at most 1 MiB, and all that is made at most 16", () => {
    expect(messageOf('len(repeat("x", 1048576)) == 1048576')).toBe("value true");
    expect(messageOf('len(repeat("x", 1048577)) > 0')).toStartWith("a text of over 1 MiB would be made (column 5)");
    expect(messageOf('len(map(1..20, repeat("x", 1000000))) == 20')).toStartWith(
      "the expression makes more than 16 MiB",
    );
    expect(messageOf('repeat("x", 1e15) == ""')).toStartWith("a text of over 1 MiB");
    const body = "x".repeat(2 << 20);
    expect(messageOf('body + "" == body', { body })).toStartWith("a text of over 1 MiB would be made");
    expect(messageOf('body contains "y" or body startsWith "x"', { body })).toBe("value true");
  });

  test("a list has at most 131,072 items", () => {
    expect(messageOf("len(1..131072) == 131072")).toBe("value true");
    for (const expression of ["1..131073", "0..1e300", 'split(repeat("a", 200000), "")', 'split(body, "a")']) {
      const body = "a".repeat(1 << 22);
      expect(messageOf(`len(${expression}) > 0`, { body })).toContain("a list of more than 131072 items would be made");
    }
  });

  test("a result has at most 1 MiB as a whole", () => {
    const body = "x".repeat(600_000);
    expect(valueOf("[body]", { body })).toEqual([body]);
    expect(valueOf("[body, body]", { body })).toBe("the result is over 1 MiB\n  [body, body]");
    expect(valueOf("map(1..60000, [[[[[[[[[]]]]]]]]])")).toStartWith("the result is over 1 MiB\n");
  });

  test("a pattern may have 1,000 characters, and 200 where it is made on the way", () => {
    expect(messageOf(`body matches "${"a".repeat(1000)}"`)).toBe("value false");
    expect(messageOf(`body matches "${"a".repeat(1001)}"`)).toContain("longer than 1000 characters (column 14)");
    expect(messageOf('"aaa" matches payload', { body: JSON.stringify("a".repeat(200)) })).toBe("value false");
    expect(messageOf('"aaa" matches payload', { body: JSON.stringify("a".repeat(201)) })).toContain("longer than 200");
  });

  test("ten patterns may be made on the way, and each used as often as wanted", () => {
    expect(messageOf('all(1..1000, "a" matches payload)', { body: '"^a$"' })).toBe("value true");
    expect(messageOf('none(1..9, "a" matches string(#))')).toBe("value true");
    expect(messageOf('none(1..11, "a" matches string(#))')).toContain("takes too long");
  });
});

describe("the cost of hostile requests", () => {
  const mebibyte = 1 << 20;
  const numbers = `[${"0,".repeat(mebibyte / 2 - 2)}0]`;
  const maps = `[${'{"x":1},'.repeat(mebibyte / 8 - 2)}{"x":1}]`;
  const texts = `[${'{"x":"z"},'.repeat(mebibyte / 10 - 2)}{"x":"z"}]`;
  const manyPayloads = Array.from({ length: 200 }, () => "payload").join(",");
  const needle = JSON.stringify({ needle: `${"a".repeat(4000)}b\``, hay: "a".repeat(mebibyte - 5000) });
  const greatNeedle = JSON.stringify({ needle: `${"a".repeat(500_000)}b\``, hay: "a".repeat(500_000) });
  const cases: readonly (readonly [string, string])[] = [
    ["filter(payload, # in payload) == []", numbers],
    ["filter(payload, body contains .x) == []", texts],
    ["filter(payload, payload == payload) == payload", maps],
    ["any(payload, .x == 2 or body matches 'q')", maps],
    ["sort(payload) == uniq(payload)", numbers],
    ["uniq(payload) == []", maps],
    ["groupBy(payload, .x) == {}", maps],
    ["string(payload) == toJSON(payload)", maps],
    ["flatten(map(1..1000, payload)) == []", numbers],
    ["body contains payload.needle", needle],
    ["body contains payload.needle", greatNeedle],
    ['replace(body, payload.needle, "") == ""', needle],
    ["len(split(body, payload.needle)) + indexOf(body, payload.needle) == 0", greatNeedle],
    ['replace(body, "", body) == ""', "a".repeat(mebibyte)],
    ["body matches '(a+)+(a|aa)+$x'", "a".repeat(mebibyte)],
    ["body matches '(a|b|c|d)*j.{150}xbk'", `${"abcdj".repeat(mebibyte / 5)}xbk`],
    ["body matches '(?:a?){400}a{400}b'", `${"a".repeat(mebibyte - 1)}b`],
    ["any(1..1000, 'x' matches payload)", JSON.stringify("((((a{10}){10}){10}){10}){10}")],
    ["any(1..1000, 'x' matches payload)", JSON.stringify(`${"(".repeat(90)}${")*".repeat(50)}`)],
    ["any(1..1000, date(payload).Year() == 1)", JSON.stringify("9".repeat(100_000))],
    ["any(1..1000, duration(payload).Hours() == 1)", JSON.stringify("1h".repeat(100_000))],
    ["any(1..1000, len(trim(body)) == 1)", " ".repeat(mebibyte)],
    ["body == body and body == body and not (body < body)", "a".repeat(mebibyte)],
    [`[${manyPayloads}] == [${manyPayloads}]`, numbers],
  ];

  test.each(cases.map((each, index) => [index, ...each] as const))(
    "of case %i is bounded",
    (_index, expression, body) => {
      expect(evaluateCondition(expression, on({ body }), now)).toHaveProperty("ok");
    },
  );

  test("that would be too high ends the evaluation with a message", () => {
    expect(messageOf("any([payload, payload], # == 1 or payload in [1..100000])", { body: numbers })).toContain(
      "value",
    );
    expect(messageOf("any(1..1000, 1 in payload)", { body: numbers })).toContain("takes too long on this request");
    expect(messageOf("body matches '(a|b){900}z'", { body: "a".repeat(mebibyte) })).toContain(
      "takes too long on this request",
    );
  });

  test("counts the looks at timezones, whether another evaluation had them ready or not", () => {
    const zones = JSON.stringify(Intl.supportedValuesOf("timeZone"));
    for (let time = 0; time < 2; time++) {
      expect(messageOf('any(1..5000, timezone("Europe/Zurich").String() == "x")')).toBe("value false");
      expect(messageOf("any(payload, timezone(#).String() == 'x')", { body: zones })).toContain("takes too long");
      expect(messageOf("any(payload[:100], timezone(#).String() == 'x')", { body: zones })).toBe("value false");
      expect(messageOf('any(1..9000, now(timezone("Europe/Zurich")).Hour() > 24)')).toContain("takes too long");
      expect(messageOf('any(1..3000, now(timezone("Europe/Zurich")).Hour() > 24)')).toBe("value false");
    }
  });

  test("leaves ordinary conditions on a mebibyte alone", () => {
    const body = JSON.stringify({ ref: "refs/heads/main", filler: "a".repeat(mebibyte - 100) });
    const condition =
      'payload.ref == "refs/heads/main" and body contains "main" and body matches "(?i)REFS/(heads|tags)/main"';
    expect(messageOf(condition, { body })).toBe("value true");
    expect(messageOf("0 in payload", { body: numbers })).toBe("value true");
    expect(messageOf("any(payload, .x == 1)", { body: maps })).toBe("value true");
  });
});

describe("the message", () => {
  test("names the column, and shows the place below the expression", () => {
    expect(messageOf('payload.ref = "x"')).toBe(
      'unexpected "="; write "==" to compare (column 13)\n  payload.ref = "x"\n              ^',
    );
  });

  test("names the line too where there are several, and shows only that", () => {
    expect(messageOf('method == "POST" and\n  payload.a.b == 1', { body: "{}" })).toBe(
      'cannot read "b" of nil; "?." reads of nil too (line 2, column 13)\n    payload.a.b == 1\n              ^',
    );
  });

  test("has the caret below the place also where the line is long", () => {
    const message = messageOf(`"${"x".repeat(3000)}" == unknown and "${"y".repeat(3000)}" == ""`);
    const [, line = "", caret = ""] = message.split("\n");
    expect(line.slice(caret.indexOf("^"))).toStartWith("unknown and");
    expect(message.length).toBeLessThan(400);
  });

  test("is short where a name is long", () => {
    expect(messageOf("x".repeat(9000)).length).toBeLessThan(400);
    expect(messageOf(`1 "${"x".repeat(9000)}"`).length).toBeLessThan(400);
  });

  test("is the same the second time, when the expression is known not to compile", () => {
    expect(messageOf("unknown")).toBe(messageOf("unknown"));
  });

  test("says what the expression comes to where that is neither true nor false", () => {
    expect(messageOf("1 + 1")).toBe("the expression is a number, not true or false\n  1 + 1");
    expect(messageOf("payload")).toStartWith("the expression is nil, not true or false\n");
    expect(messageOf("now()")).toStartWith("the expression is a date, not true or false\n");
  });
});

describe("the clock", () => {
  test("is the one that is given", () => {
    expect(valueOf("now().Unix()")).toBe(now() / 1000);
  });

  test("is read as often as it is asked for", () => {
    let reads = 0;
    evaluateCondition("now() < now()", on({}), () => ++reads);
    expect(reads).toBe(2);
  });
});

test("what one evaluation has named is gone in the next", () => {
  const source = { body: "[1]" };
  expect(valueOf("let a = payload; map(a, # + 1)", source)).toEqual([2]);
  expect(valueOf("let a = payload; map(a, # + 1)", { body: "[5]" })).toEqual([6]);
});

test("results stay right while far more expressions than are kept come and go", () => {
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 1200; i++)
      expect(messageOf(`method == "POST" and ${i} == ${i % 2 === 0 ? i : i + 1}`)).toBe(`value ${i % 2 === 0}`);
  }
});

test("dates, durations and numbers that JSON has none of are texts in a result", () => {
  expect(valueOf('[duration("90m"), date("2026-11-28"), 1 / 0, timezone("UTC")]')).toEqual([
    "1h30m0s",
    "2026-11-28 00:00:00 +0000 UTC",
    "+Inf",
    "UTC",
  ]);
});

test("without variables an expression can be told from what is none", () => {
  expect(checkCondition('payload.ref == "x"')).toBeNull();
  expect(checkCondition('payload.ref = "x"')).toContain("(column 13)\n");
});
