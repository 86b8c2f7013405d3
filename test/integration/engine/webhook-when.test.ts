// `config.webhook.when`: a request of which it does not hold is on record and starts no run.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { WebhookAnswer } from "../../../src/engine/engine.ts";
import type { RequestOutline } from "../../../src/store/store.ts";
import { EngineHarness, runIdOf } from "../../fixtures/harness/engine-harness.ts";

const script = "export const pipeline = () => http.request().body;";

let harness: EngineHarness;

beforeEach(async () => {
  harness = await EngineHarness.open({ processes: 1 });
});
afterEach(() => harness.close());

async function send(payload: unknown, headers: Record<string, string> = {}): Promise<WebhookAnswer> {
  return await harness.receive("deploy", {
    url: "/api/webhooks/deploy?env=prod",
    headers,
    query: { env: "prod" },
    body: typeof payload === "string" ? payload : JSON.stringify(payload),
  });
}

async function recorded(): Promise<readonly RequestOutline[]> {
  return (await harness.engine.listRequests({ limit: 10 })).requests;
}

async function countRuns(): Promise<number> {
  return (await harness.engine.listRuns({ limit: 10 })).runs.length;
}

describe("where it holds", () => {
  test("the run begins, with the request", async () => {
    const when = 'provider == "github" && payload.ref == "refs/heads/main" && query.env == "prod"';
    await harness.add("deploy", script, { webhook: { when } });
    const answer = await send({ ref: "refs/heads/main" }, { "x-github-event": "push" });
    expect((await harness.end(runIdOf(answer))).result).toBe('{"ref":"refs/heads/main"}');
  });
});

describe("where it does not hold", () => {
  test("there is no run, and the request is on record with the reason", async () => {
    await harness.add("deploy", script, { webhook: { when: 'payload.ref == "refs/heads/main"' } });
    expect(await send({ ref: "refs/heads/topic" })).toEqual({ type: "skipped", reason: "condition_false" });
    expect(await recorded()).toMatchObject([
      { pipeline: "deploy", verdict: "refused", reason: "condition_false", runId: null },
    ]);
    expect(await countRuns()).toBe(0);
    expect(harness.logged.join("")).not.toContain("condition");
  });

  test("a run that was asked for by hand begins all the same", async () => {
    await harness.add("deploy", "export const pipeline = () => 7;", { webhook: { when: "false" } });
    const { runId } = await harness.engine.trigger("deploy", { params: {}, args: [] });
    expect((await harness.end(runId)).result).toBe(7);
  });
});

describe("where it has no value", () => {
  test.each([
    ["payload.commit.message == 'x'", 'cannot read \\"message\\" of nil'],
    ["payload.ref", "the expression is a text, not true or false"],
    ["payload.ref ==", "the expression ends here"],
  ])("%j counts as false, and the server's log says why", async (when, reason) => {
    await harness.add("deploy", script, { webhook: { when } });
    expect(await send({ ref: "x" })).toEqual({ type: "skipped", reason: "condition_invalid" });
    expect(await recorded()).toMatchObject([{ verdict: "refused", reason: "condition_invalid" }]);
    expect(await countRuns()).toBe(0);
    expect(harness.logged.join("")).toContain("a webhook's condition has no value");
    expect(harness.logged.join("")).toContain(reason);
  });
});

test("what the server's log says has the place as in the log of a run, and is said once however the requests differ", async () => {
  await harness.add("deploy", script, { webhook: { when: "payload.list[9] == 1" } });
  for (let length = 0; length < 5; length++) await send({ list: Array(length).fill(1) });
  const lines = harness.logged.filter((line) => line.includes("has no value"));
  expect(lines).toHaveLength(1);
  const { detail } = JSON.parse(lines[0] ?? "") as { detail: string };
  expect(detail).toBe("there is no item 9: the length is 0 (column 13)\n  payload.list[9] == 1\n              ^");
});

test("a request with a wrong signature is refused whatever the condition says", async () => {
  await harness.add("deploy", script, { webhook: { secret: "env:KEY", when: "true" } });
  const refused = send({}).catch((error: unknown) => error);
  expect(await refused).toMatchObject({ code: "SIGNATURE_INVALID" });
  await harness.add("deploy", script, { webhook: { secret: "env:KEY", when: "false" } });
  expect(await send({}).catch((error: unknown) => error)).toMatchObject({ code: "SIGNATURE_INVALID" });
});
