// A recorded request is sent once more: what it goes through, and which are not sent.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import type { WebhookConfig } from "../../../src/core/pipeline-config.ts";
import type { Redelivery } from "../../../src/engine/engine.ts";
import { EngineHarness } from "../../fixtures/harness/engine-harness.ts";

const script = `export const pipeline = () => {
  const { provider, eventType, url, headers, body } = http.request();
  http.respond({ status: 201, body: JSON.stringify({ provider, eventType, url, headers, body }) });
};`;

let harness: EngineHarness;

beforeEach(async () => {
  harness = await EngineHarness.open({ processes: 1 });
});
afterEach(async () => await harness.close());

/** Receives a push under one config, puts another one in force, and returns the id of the record. */
async function recorded(before: WebhookConfig, after: WebhookConfig | false, body = '{"ref":"main"}'): Promise<string> {
  await harness.add("deploy", script, { webhook: before });
  const headers = { "x-github-event": "push", authorization: "Bearer hunter2" };
  await harness.receive("deploy", { headers, body, address: "::1" }).catch(() => undefined);
  await harness.add("deploy", script, { webhook: after });
  return (await harness.engine.listRequests({ limit: 1 })).requests[0]?.id ?? "";
}

async function redeliver(id: string, force = false): Promise<Redelivery> {
  return await harness.engine.redeliver(id, { force });
}

async function refusal(id: string, force = false): Promise<AppError> {
  return await redeliver(id, force).then(
    () => new AppError("INTERNAL", "it was sent"),
    (error: AppError) => error,
  );
}

describe("an accepted request", () => {
  test("begins a run of its own with the same request, without a signature", async () => {
    const id = await recorded({}, { provider: "github", secret: "env:KEY" });
    const { requestId, answer } = await redeliver(id);
    if (answer.type !== "response") throw new Error(answer.type);
    expect(JSON.parse(answer.body)).toEqual({
      provider: "github",
      eventType: "push",
      url: "/api/webhooks/deploy",
      headers: { "x-github-event": "push", authorization: "Bearer ********" },
      body: '{"ref":"main"}',
    });
    const record = await harness.engine.getRequest(requestId);
    expect(record).toMatchObject({ redeliveryOf: id, runId: answer.runId, verdict: "accepted", verified: true });
    expect(record).toMatchObject({ address: "::1", bodyBytes: 14, answer: { status: 201, code: null } });
    expect((await harness.engine.getRequest(id)).runId).not.toBe(answer.runId);
    const run = await harness.end(answer.runId);
    expect(run).toMatchObject({ trigger: "webhook", triggeredBy: "webhook", rerunOf: null });
  });

  test("goes through the condition that is in force now, unless it is forced", async () => {
    const id = await recorded({}, { when: 'payload.ref == "other"' });
    const skipped = await redeliver(id);
    expect(skipped.answer).toEqual({ type: "skipped", reason: "condition_false" });
    expect(await harness.engine.getRequest(skipped.requestId)).toMatchObject({
      redeliveryOf: id,
      verdict: "refused",
      reason: "condition_false",
      runId: null,
    });
    expect((await redeliver(id, true)).answer).toMatchObject({ type: "response", status: 201 });
  });

  test("is known again as if its sender had sent it again, unless it is forced", async () => {
    await harness.add("deploy", script);
    const headers = { "x-github-event": "push", "x-github-delivery": "d-1" };
    const first = await harness.receive("deploy", { headers, body: "{}" });
    if (first.type !== "response") throw new Error(first.type);
    await harness.end(first.runId);
    const id = (await harness.engine.listRequests({ limit: 1 })).requests[0]?.id ?? "";
    const { requestId, answer } = await redeliver(id);
    expect(answer).toEqual({ type: "duplicate", runId: first.runId });
    expect(await harness.engine.getRequest(requestId)).toMatchObject({
      verdict: "refused",
      reason: "duplicate",
      runId: first.runId,
      deliveryId: "d-1",
      redeliveryOf: id,
      answer: { status: 200, code: null },
    });
    const forced = await redeliver(id, true);
    expect(forced.answer).toMatchObject({ type: "response", status: 201 });
    const again = forced.answer.type === "response" ? forced.answer.runId : "";
    expect((await redeliver(forced.requestId)).answer).toEqual({ type: "duplicate", runId: again });
  });

  test("is never answered with the log, whatever it asked for", async () => {
    await harness.add("deploy", script, { webhook: { stream: true } });
    expect((await harness.receive("deploy", { query: { stream: "1" } })).type).toBe("stream");
    const [request] = (await harness.engine.listRequests({ limit: 1 })).requests;
    expect((await redeliver(request?.id ?? "")).answer.type).toBe("response");
  });
});

describe("a refused request", () => {
  test("that was verified begins a run once it fits", async () => {
    const id = await recorded({ when: "false" }, { when: "true" });
    expect((await redeliver(id)).answer).toMatchObject({ type: "response", status: 201 });
  });

  test.each([
    ["its signature", { secret: "env:KEY" }, "signature_missing"],
    ["a secret that is not there", { secret: "env:NOT_SET" }, "secret_missing"],
  ] as const)("for %s is sent only by force", async (_, webhook, reason) => {
    const id = await recorded(webhook, webhook);
    const refused = await refusal(id);
    expect(refused).toMatchObject({ code: "REQUEST_NOT_VERIFIED" });
    expect([refused.message, refused.hint]).toEqual([
      expect.stringContaining(reason),
      expect.stringContaining(`runner redeliver ${id} --force`),
    ]);
    expect((await harness.engine.listRuns({ limit: 1 })).runs).toEqual([]);
    expect((await redeliver(id, true)).answer).toMatchObject({ type: "response", status: 201 });
  });

  test("is believed no more for having been sent by force, whatever that came to", async () => {
    const forged = { secret: "env:KEY" };
    const id = await recorded(forged, forged);
    await harness.engine.pausePipeline("deploy");
    expect(await refusal(id, true)).toMatchObject({ code: "PIPELINE_PAUSED" });
    await harness.engine.resumePipeline("deploy");
    const [failed] = (await harness.engine.listRequests({ limit: 1 })).requests;
    expect(failed).toMatchObject({ redeliveryOf: id, reason: "pipeline_paused", verified: false });
    expect(await refusal(failed?.id ?? "")).toMatchObject({ code: "REQUEST_NOT_VERIFIED" });
    const { requestId } = await redeliver(failed?.id ?? "", true);
    expect(await harness.engine.getRequest(requestId)).toMatchObject({ verdict: "accepted", verified: false });
    expect(await refusal(requestId)).toMatchObject({ code: "REQUEST_NOT_VERIFIED" });
  });

  test("of which only the beginning was kept is never sent, and the error says how much there is", async () => {
    const id = await recorded({ when: "false" }, {}, "x".repeat(10_000));
    for (const force of [false, true]) {
      const refused = await refusal(id, force);
      expect(refused).toMatchObject({ code: "REQUEST_CUT" });
      expect(refused.message).toContain("4096 of 10000 bytes");
    }
  });
});

test("a paused pipeline, one that takes no webhooks, and one that is gone begin nothing, by force neither", async () => {
  const id = await recorded({}, {});
  await harness.engine.pausePipeline("deploy");
  expect(await refusal(id, true)).toMatchObject({ code: "PIPELINE_PAUSED" });
  await harness.engine.resumePipeline("deploy");
  await harness.add("deploy", script, { webhook: false });
  expect(await refusal(id, true)).toMatchObject({ code: "WEBHOOK_DISABLED" });
  harness.remove("deploy");
  expect(await refusal(id, true)).toMatchObject({ code: "PIPELINE_NOT_FOUND" });
  expect(await refusal("nope")).toMatchObject({ code: "REQUEST_NOT_FOUND" });
  expect((await harness.engine.listRuns({ limit: 9 })).runs.length).toBe(1);
});
