// JSON Schemas of payloads: which are refused and where, what does not fit them, and what a payload may cost.

import { describe, expect, test } from "bun:test";
import type { JsonValue } from "../../../src/core/json.ts";
import { checkSchema, findMismatches } from "../../../src/expressions/expressions.ts";
import { compileSchema, describeFailure, findInvalid } from "../../../src/expressions/schema-compiler.ts";

type Schema = Readonly<Record<string, JsonValue>>;

const draft2020 = "https://json-schema.org/draft/2020-12/schema";

function mismatches(schema: Schema, payload: unknown): readonly string[] {
  expect(checkSchema(schema)).toBeNull();
  const { length } = JSON.stringify(payload) ?? "";
  return findMismatches(schema, payload, length).map(({ path, message }) => `${path}: ${message}`);
}

describe("a schema is refused, with its place,", () => {
  test.each<[string, Schema, (string | number)[], string]>([
    [
      "with a type that is none",
      { properties: { a: { type: "text" } } },
      ["properties", "a", "type"],
      "must be one of",
    ],
    ["with a value of the wrong kind", { minimum: "1" }, ["minimum"], "must be number"],
    ["with an unknown keyword", { properties: { a: { requierd: [] } } }, ["properties", "a", "requierd"], "no keyword"],
    ["with an unknown format", { items: { format: "regex" } }, ["items", "format"], "known are date, time"],
    ["with a pattern that looks ahead", { items: { pattern: "(?=a)b" } }, ["items", "pattern"], "not valid"],
    ["with a pattern that refers back", { pattern: "(a)\\1" }, ["pattern"], "not valid"],
    [
      "with a pattern that repeats too much",
      { pattern: "a{1000}b{1000}c{1000}d{1000}e{1000}f{1000}" },
      ["pattern"],
      "too large",
    ],
    [
      "with a name's pattern that is none",
      { patternProperties: { "(": { type: "null" } } },
      ["patternProperties", "("],
      "valid",
    ],
    [
      "that refers to nothing",
      { properties: { a: { $ref: "#/definitions/b" } } },
      ["properties", "a", "$ref"],
      "not in it",
    ],
    ["that refers elsewhere", { $ref: "https://example.org/s.json" }, ["$ref"], "not fetched"],
    ["of another draft", { $schema: "http://json-schema.org/draft-04/schema#" }, ["$schema"], "not known here"],
    ["that is asynchronous", { $async: true }, ["$async"], "at once"],
    ["that is for draft 2020-12 and does not say so", { prefixItems: [{}] }, ["prefixItems"], "no keyword"],
    ["that is for draft 07 and says otherwise", { $schema: draft2020, items: [{}] }, ["items"], "must be object"],
    ["that is too long", { description: "x".repeat(70_000) }, [], "at most 65536"],
  ])("%s", (_title, schema, path, message) => {
    const problem = checkSchema(schema);
    expect(problem?.path).toEqual(path);
    expect(problem?.message).toContain(message);
  });

  test("that is nested too deeply", () => {
    let schema: Schema = {};
    for (let level = 0; level < 10_000; level++) schema = { not: schema };
    expect(checkSchema(schema)?.message).toContain("nested deeper than 64");
  });
});

describe("a payload that does not fit", () => {
  test("is told by all its places, without a value of it", () => {
    const schema: Schema = {
      type: "object",
      required: ["ref", "after"],
      properties: {
        ref: { type: "string", pattern: "^refs/" },
        "a/b~c": { type: "array", items: { type: "integer", maximum: 5 } },
        state: { enum: ["open", "closed"] },
        at: { format: "date-time" },
      },
      additionalProperties: false,
    };
    const payload = { ref: "hunter2", "a/b~c": [1, "hunter2", 7], state: "hunter2", at: "hunter2", more: "hunter2" };
    const told = mismatches(schema, payload);
    expect(told).toEqual([
      ": must have required property 'after'",
      "/more: must NOT be there",
      '/ref: must match pattern "^refs/"',
      "/a~1b~0c/1: must be integer",
      "/a~1b~0c/2: must be <= 5",
      "/state: must be equal to one of the allowed values",
      '/at: must match format "date-time"',
    ]);
    expect(told.join()).not.toContain("hunter2");
  });

  test("is told by ten places at most, and by the first alone where it is long", () => {
    const schema: Schema = { items: { type: "string" } };
    expect(mismatches(schema, Array(100).fill(1))).toHaveLength(10);
    expect(mismatches(schema, Array(100_000).fill(1))).toEqual(["/0: must be string"]);
  });

  test("is not told by names of any length", () => {
    const [told = ""] = mismatches({ additionalProperties: false }, { ["x".repeat(10_000)]: 1 });
    expect(told.length).toBeLessThan(250);
  });

  test("is one that only inherits what is asked for", () => {
    expect(mismatches({ required: ["toString"] }, {})).toEqual([": must have required property 'toString'"]);
    const payload: unknown = JSON.parse('{"__proto__": {"admin": true}}');
    expect(mismatches({ required: ["admin"] }, payload)).toEqual([": must have required property 'admin'"]);
    expect(mismatches({ additionalProperties: false }, payload)).toEqual(["/__proto__: must NOT be there"]);
  });
});

describe("a payload that fits", () => {
  test.each<[string, Schema, unknown]>([
    ["an empty schema", {}, null],
    ["definitions of draft 07", { definitions: { n: { type: "number" } }, items: { $ref: "#/definitions/n" } }, [1, 2]],
    ["a list of draft 2020-12", { $schema: draft2020, prefixItems: [{ type: "null" }], items: false }, [null]],
    ["a pattern of letters in any script", { pattern: "^\\p{L}+\\u00e9$" }, "ñé"],
    ["a date", { format: "date-time" }, "2026-02-28T10:00:00Z"],
    ["a schema of its own name", { $id: "https://example.org/a", $ref: "#/definitions/b", definitions: { b: {} } }, 1],
  ])("%s is not told of", (_title, schema, payload) => {
    expect(mismatches(schema, payload)).toEqual([]);
  });

  test("may have items that are equal only in part", () => {
    const schema: Schema = { uniqueItems: true };
    expect(mismatches(schema, [1, "1", { a: 1 }, { a: "1" }, [1], null, "null"])).toEqual([]);
    expect(
      mismatches(schema, [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ]),
    ).toEqual([": must NOT have duplicate items"]);
    expect(mismatches({ uniqueItems: false }, [1, 1])).toEqual([]);
  });
});

test("two schemas with one name are two schemas", () => {
  const $id = "https://example.org/same";
  const inner = { $id: "https://example.org/inner", type: "string" };
  expect(mismatches({ $id, type: "object", properties: { a: inner } }, { a: 1 })).toEqual(["/a: must be string"]);
  expect(mismatches({ $id, type: "string" }, "x")).toEqual([]);
  expect(checkSchema({ $ref: "https://example.org/inner" })?.message).toContain("not in it");
});

describe("a payload that would take long is given up:", () => {
  const giveUp = [": takes too long to check against the schema"];

  test("where the schema doubles its work with each level", () => {
    let payload: unknown = {};
    for (let level = 0; level < 60; level++) payload = { a: payload };
    expect(mismatches({ properties: { a: { allOf: [{ $ref: "#" }, { $ref: "#" }] } } }, payload)).toEqual(giveUp);
    const schema = {
      $schema: draft2020,
      $dynamicAnchor: "n",
      properties: { a: { allOf: [{ $dynamicRef: "#n" }, { $dynamicRef: "#n" }] } },
    };
    expect(mismatches(schema, payload)).toEqual(giveUp);
  });

  test("where a large pattern meets a long text", () => {
    expect(mismatches({ pattern: "x{1000}$" }, "x".repeat(60_000))).toEqual(giveUp);
  });

  test("where each of many lists, one in the other, is to have unique items", () => {
    let payload: unknown = Array.from({ length: 60_000 }, (_, index) => index.toString(36));
    for (let level = 0; level < 900; level++) payload = [payload];
    const schema: Schema = { uniqueItems: true, items: { $ref: "#" } };
    expect(mismatches(schema, payload)).toEqual(giveUp);
  });

  test("where it is nested as deep as no schema asks", () => {
    let payload: unknown = 1;
    for (let level = 0; level < 200_000; level++) payload = [payload];
    const told = findMismatches({ items: { $ref: "#" } }, payload, 400_000);
    expect(told.map(({ message }) => message)).toEqual(["is nested too deeply to be checked against the schema"]);
  });

  test("but not where the items of a long list are to be unique, or a pattern could backtrack", () => {
    const items = Array.from({ length: 200_000 }, (_, index) => ({ index }));
    expect(
      mismatches(
        { uniqueItems: true, items: { $ref: "#/definitions/i" }, definitions: { i: { type: "object" } } },
        items,
      ),
    ).toEqual([]);
    const rows = Array.from({ length: 10_000 }, (_, row) =>
      Array.from({ length: 100 }, (_cell, cell) => row * 100 + cell),
    );
    expect(mismatches({ uniqueItems: true, items: { uniqueItems: true } }, rows)).toEqual([]);
    expect(mismatches({ pattern: "^(a|aa)+$" }, `${"a".repeat(100_000)}!`)).toEqual([
      ': must match pattern "^(a|aa)+$"',
    ]);
    expect(mismatches({ format: "email" }, `${"a.".repeat(100_000)}!`)).toEqual([': must match format "email"']);
  });
});

test("what cannot be compiled is described in words of its own", () => {
  expect(findInvalid({ type: 1 }, "draft-07")?.instancePath).toBe("/type");
  const failure = (() => {
    try {
      compileSchema({ if: true }, "draft-07", false);
      return null;
    } catch (thrown) {
      return describeFailure(thrown);
    }
  })();
  expect(failure).toEqual({ message: '"if" without "then" and "else" is ignored', isWanted: null });
});
