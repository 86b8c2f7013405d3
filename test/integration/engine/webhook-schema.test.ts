// `config.webhook.schema`: a payload that does not fit is refused with the places, is on record and starts no run.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { PipelineConfig } from "../../../src/core/pipeline-config.ts";
import { EngineHarness, runIdOf } from "../../fixtures/harness/engine-harness.ts";

const script = "export const pipeline = () => http.request()?.body ?? 'by hand';";
const schema = { type: "object", required: ["ref"], properties: { ref: { type: "string" }, n: { type: "integer" } } };

let harness: EngineHarness;

beforeEach(async () => {
  harness = await EngineHarness.open({ processes: 1 });
});
afterEach(() => harness.close());

async function send(body: string, webhook: PipelineConfig["webhook"] = { schema }): Promise<unknown> {
  await harness.add("deploy", script, { webhook });
  return await harness.receive("deploy", { body }).catch((error: unknown) => error);
}

const runs = async (): Promise<number> => (await harness.engine.listRuns({ limit: 10 })).runs.length;

test("a payload that fits starts a run", async () => {
  const answer = await send('{"ref":"main"}');
  expect((await harness.end(runIdOf(answer as Parameters<typeof runIdOf>[0]))).result).toBe('{"ref":"main"}');
});

describe("a payload that does not fit", () => {
  test("is refused with the places, and is on record when the caller is answered", async () => {
    const errors = [
      { path: "/ref", message: "must be string" },
      { path: "/n", message: "must be integer" },
    ];
    expect(await send('{"ref":["hunter2"],"n":"hunter2"}')).toMatchObject({
      code: "PAYLOAD_INVALID",
      details: { errors },
    });
    const { requests: records } = await harness.engine.listRequests({ limit: 10 });
    expect(records).toMatchObject([{ verdict: "refused", reason: "schema_mismatch", runId: null }]);
    expect(await runs()).toBe(0);
    expect(harness.logged.join("")).toContain('"/ref must be string; /n must be integer"');
    expect(harness.logged.join("")).not.toContain("hunter2");
  });

  test.each(["ref=main", "", "{", "\u00ff"])("is one that is not JSON, as %j", async (body) => {
    const errors = [{ path: "", message: "the body is not JSON" }];
    expect(await send(body, { schema: {} })).toMatchObject({ code: "PAYLOAD_INVALID", details: { errors } });
  });

  test("is not one that is null, where null is asked for", async () => {
    expect(await send(" null ", { schema: { type: "null" } })).toHaveProperty("runId");
  });

  test("is refused before its condition is asked", async () => {
    expect(await send("{}", { schema, when: "payload.ref.name == 1" })).toMatchObject({ code: "PAYLOAD_INVALID" });
    expect(harness.logged.join("")).not.toContain("condition");
  });

  test("is refused for its signature first", async () => {
    expect(await send("{}", { schema, secret: "hunter2" })).toMatchObject({ code: "SIGNATURE_INVALID" });
  });
});

test("a run that is asked for by hand has no payload to check", async () => {
  await harness.add("deploy", script, { webhook: { schema } });
  const { runId } = await harness.engine.trigger("deploy", { params: {}, args: [] });
  expect((await harness.end(runId)).result).toBe("by hand");
});
