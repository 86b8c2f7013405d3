// Tables of tests that expect something else, or are wrong: what is said, and where.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonValue } from "../../../src/core/json.ts";
import { Rehearsals } from "../../fixtures/harness/rehearsals.ts";

let rehearsals: Rehearsals;
beforeAll(async () => {
  rehearsals = await Rehearsals.open();
});
afterAll(() => rehearsals.close());

const runAll: Rehearsals["run"] = async (...given) => await rehearsals.run(...given);
const problemsOf: Rehearsals["problemsOf"] = async (...given) => await rehearsals.problemsOf(...given);

describe("an expectation that is not met", () => {
  test.each<[string, JsonValue, readonly string[]]>([
    [
      "result",
      { result: { a: 1, b: [1, 2] } },
      ["result.a: expected 1, got 2", "result.b[1]: expected 2, got nothing"],
    ],
    ["respond", { respond: null }, ["respond: expected none, got 202"]],
    [
      "respond",
      { respond: { status: 200, body: "no" } },
      ["respond.status: expected 200, got 202", 'respond.body: expected "no", got "{\\"a\\":1}"'],
    ],
    ["respond", { respond: { body: { a: 2 } } }, ["respond.body.a: expected 2, got 1"]],
    ["steps", { steps: ["a", "b"] }, ['steps: expected ["a","b"]\n            got ["a"]']],
    ["steps", { steps: [{ name: "a", env: { X: "2" } }] }, ['steps[0].env.X: expected "2", got "1"']],
    ["fetch", { fetch: ["GET http://x/"] }, ['fetch: expected ["GET http://x/"]\n            got []']],
    [
      "console",
      { console: ["two", "one"] },
      ['console: expected a line with "one" behind the lines before, but there was none'],
    ],
    ["artifacts", { artifacts: ["x"] }, ['artifacts[0]: expected "x", got nothing']],
  ])("of %s is told by its place", async (_, expected, problems) => {
    const body = `http.respond({ status: 202, body: JSON.stringify({ a: 1 }) });
      console.log("one"); console.log("two");
      await runtime.run({ name: "a", command: "x", env: { X: 1 } });
      return { a: 2, b: [1] };`;
    expect(await problemsOf(body, { request: {}, steps: { a: 0 }, expect: expected })).toEqual([...problems]);
  });
});

describe("a table that is wrong", () => {
  test.each<[JsonValue, string]>([
    [{ step: {} }, "tests.it.step is not known"],
    [{ expect: { reslut: 1 } }, "tests.it.expect.reslut is not known"],
    [{ steps: { "a b": { exit: 1 } } }, 'tests.it.steps["a b"].exit is not known'],
    [{ steps: { a: [0, { code: "1" }] } }, 'tests.it.steps.a[1].code must be a whole number, not "1"'],
    [{ steps: { a: true } }, "tests.it.steps.a must be an object, not true"],
    [{ fetch: { x: { status: 1.5 } } }, "tests.it.fetch.x.status must be a whole number, not 1.5"],
    [{ now: "soon" }, 'tests.it.now must be a time as "2026-01-31T03:00:00Z", not "soon"'],
    [{ expect: { status: "succeded" } }, "tests.it.expect.status must be one of succeeded, failed"],
    [{ request: { headers: { a: 1 } } }, "tests.it.request.headers.a must be a text, not 1"],
    [{ expect: { events: [{ data: {} }] } }, "tests.it.expect.events[0].name is missing: write a text"],
    [{ steps: { a: { takes: "long" } } }, "tests.it.steps.a.takes: "],
    [3, "tests.it must be an object, not 3"],
  ])("as %j says where, and executes nothing", async (table, message) => {
    const [problem, ...more] = await problemsOf('console.log("executed");', table);
    expect(problem).toStartWith(message);
    expect(more).toEqual([]);
  });

  test("does no harm to the other tests, and one that is no table at all is refused", async () => {
    const results = await runAll("return 1;", { bad: { stpes: {} }, good: {} });
    expect(results.map(({ name, passed }) => [name, passed])).toEqual([
      ["bad", false],
      ["good", true],
    ]);
    expect(runAll("return 1;", ["x"])).rejects.toThrow("tests must be an object");
  });
});
