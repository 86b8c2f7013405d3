// Tests of pipelines whose webhook is turned away by `when` or `schema`: no run begins, and a test can expect that.

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { JsonValue } from "../../../src/core/json.ts";
import type { WebhookConfig } from "../../../src/core/pipeline-config.ts";
import { Rehearsals } from "../../fixtures/harness/rehearsals.ts";

let rehearsals: Rehearsals;
beforeAll(async () => {
  rehearsals = await Rehearsals.open();
});
afterAll(() => rehearsals.close());

const when = 'provider == "github" && payload.ref == "main"';
const schema = { required: ["ref"], properties: { ref: { type: "string" } } };
const headers = { "X-GitHub-Event": "push" };

async function problemsOf(webhook: WebhookConfig, table: JsonValue): Promise<readonly string[]> {
  return await rehearsals.problemsOf('await runtime.run({ name: "a", command: "x" }); return "ran";', table, {
    webhook,
  });
}

test("a request that the condition does not hold for ends as skipped, with nothing called", async () => {
  const request = { headers, body: { ref: "topic" } };
  const expected = { status: "skipped", error: { code: "RUN_SKIPPED" }, respond: null, steps: [] };
  expect(await problemsOf({ when }, { request, expect: expected })).toEqual([]);
  expect(await problemsOf({ when }, { request, expect: { result: "ran" } })).toEqual([
    "status: expected succeeded, got skipped (RUN_SKIPPED: config.webhook.when does not hold for the request)",
  ]);
});

test("one that it holds for runs", async () => {
  const table = { request: { headers, body: { ref: "main" } }, steps: { a: 0 }, expect: { result: "ran" } };
  expect(await problemsOf({ when, schema }, table)).toEqual([]);
});

test("one that the condition has no value for is skipped, with the column and a caret", async () => {
  const [problem] = await problemsOf({ when: "payload.ref" }, { request: { body: { ref: "x" } } });
  expect(problem).toContain("EXPRESSION_INVALID: config.webhook.when has no value for the request: the expression is");
  const [second] = await problemsOf({ when: "payload.a.b == 1" }, { request: { body: {} } });
  expect(second).toMatch(/\(column \d+\)\n {2}payload\.a\.b == 1\n +\^/);
});

test("one that does not fit the schema is skipped before the condition is asked, with the places", async () => {
  const table = { request: { body: { ref: 1 } }, expect: { status: "skipped", error: { code: "PAYLOAD_INVALID" } } };
  expect(await problemsOf({ when: "payload.a.b == 1", schema }, table)).toEqual([]);
  const [problem] = await problemsOf({ schema }, { request: { body: { ref: 1 } } });
  expect(problem).toContain("the payload does not fit config.webhook.schema\n  /ref must be string");
});

test("runs that begin otherwise are asked for neither", async () => {
  expect(await problemsOf({ when: "false", schema }, { steps: { a: 0 }, expect: { result: "ran" } })).toEqual([]);
  const rerun = { request: { body: {} }, triggeredBy: "rerun", steps: { a: 0 }, expect: { result: "ran" } };
  expect(await problemsOf({ when: "false", schema }, rerun)).toEqual([]);
});
