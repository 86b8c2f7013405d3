// The body of a trigger request.

import { expect, test } from "bun:test";
import { parseTrigger } from "../../../src/server/parse-trigger.ts";

const parse = (text: string) => parseTrigger(new TextEncoder().encode(text));

test("all fields are optional, and so is the body", () => {
  expect(parse("")).toEqual({ params: {}, args: [], jobs: [] });
  expect(parse("{}")).toEqual({ params: {}, args: [], jobs: [] });
  expect(parse('{"params":{"a":1},"args":["x"],"jobs":["b"]}')).toEqual({ params: { a: 1 }, args: ["x"], jobs: ["b"] });
});

test.each([
  ["[]", "body must be an object like { params, args, jobs }, not an array"],
  ["null", "body must be an object like { params, args, jobs }, not null"],
  ['{"params":[]}', "params must be an object, not an array"],
  ['{"params":null}', "params must be an object, not null"],
  ['{"args":"x"}', "args must be an array of strings, not a value of type string"],
  ['{"args":["a",1]}', "args[1] must be a string, not a value of type number"],
  ['{"jobs":"b"}', "jobs must be an array of strings, not a value of type string"],
  ['{"target":"nas"}', '"target" is not a field of a trigger'],
])("%s is refused and the message names the field", (text, message) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ code: "VALIDATION_FAILED", message }));
});
