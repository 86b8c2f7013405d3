// Targets in the API, without a port.

import { describe, expect, test } from "bun:test";
import type { MadeAttempt } from "../../../src/engine/engine.ts";
import { createServer } from "../../../src/server/server.ts";
import { FakeDeliveries } from "../../fixtures/harness/endpoint-bench.ts";
import { createFakeEngine, type FakeEngine, fakeTargets, token } from "./fake-engine.ts";
import { readJson } from "./read-json.ts";

async function ask(
  method: string,
  path: string,
  engine: FakeEngine = createFakeEngine(),
  guarded = true,
  body?: unknown,
): Promise<Response> {
  const headers = guarded ? { authorization: `Bearer ${token}` } : {};
  return await createServer({ engine, token }).handle(
    new Request(`http://nas${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
}

describe("GET /api/targets", () => {
  test("names each target and its type", async () => {
    const answer = await ask("GET", "/api/targets");
    expect([answer.status, await readJson(answer)]).toEqual([200, { targets: [{ name: "ops", type: "ntfy" }] }]);
  });

  test("is for those with the token, and takes no other method", async () => {
    expect((await ask("GET", "/api/targets", createFakeEngine(), false)).status).toBe(401);
    const answer = await ask("POST", "/api/targets");
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("POST /api/targets/{target}/test", () => {
  const path = "/api/targets/ops/test";

  function engineOf(outcome: MadeAttempt["outcome"]): FakeEngine {
    const { targets } = createFakeEngine();
    return createFakeEngine({ targets: { ...targets, test: async () => ({ headers: {}, outcome }) } });
  }

  test("tells that it was taken", async () => {
    expect(await readJson(await ask("POST", path))).toEqual({
      target: "ops",
      delivered: true,
      status: 200,
      error: null,
      duration_ms: 5,
      response: "ok",
    });
  });

  test("tells what it was answered instead", async () => {
    const body = new TextEncoder().encode("no");
    const engine = engineOf({ type: "answered", status: 403, headers: {}, body, isCut: false, durationMs: 1.4 });
    expect(await readJson(await ask("POST", path, engine))).toMatchObject({
      delivered: false,
      status: 403,
      response: "no",
      duration_ms: 1,
    });
  });

  test("tells why nothing was answered", async () => {
    const engine = engineOf({ type: "failed", error: "dns", message: "ntfy.lan has no address", durationMs: 2 });
    expect(await readJson(await ask("POST", path, engine))).toMatchObject({
      delivered: false,
      status: null,
      error: { code: "dns", message: "ntfy.lan has no address" },
    });
  });

  test("of a target that is not there is 404", async () => {
    const answer = await ask("POST", "/api/targets/none/test");
    expect([answer.status, await readJson(answer)]).toMatchObject([404, { code: "TARGET_NOT_FOUND" }]);
  });

  test("takes no other method", async () => {
    const answer = await ask("GET", path);
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
  });
});

describe("deliveries to a target", () => {
  const deliveries = new FakeDeliveries();
  const engine = createFakeEngine({ targets: fakeTargets(deliveries) });

  async function told(method: string, path: string, body?: unknown): Promise<readonly [number, unknown]> {
    const answer = await ask(method, `/api/targets/${path}`, engine, true, body);
    return [answer.status, await readJson(answer)];
  }

  test("are listed by page and status, with the id of the target", async () => {
    const answer = await told("GET", "ops/deliveries?status=failed&limit=5&cursor=abc");
    expect(answer).toMatchObject([200, { deliveries: [{ id: "dlv_1", endpoint_id: "tgt_ops" }], next_cursor: null }]);
    expect(deliveries.asked.at(-1)).toEqual(["list", "tgt_ops", { limit: 5, status: "failed", cursor: "abc" }]);
    expect((await told("GET", "ops/deliveries?status=lost"))[0]).toBe(400);
  });

  test("have their attempts, and those of nobody else are not found", async () => {
    expect(await told("GET", "ops/deliveries/dlv_1")).toMatchObject([200, { attempts: [{ number: 1 }] }]);
    for (const answer of [
      await told("GET", "ops/deliveries/dlv_2"),
      await told("POST", "ops/deliveries/dlv_2/retry"),
    ]) {
      expect(answer).toMatchObject([404, { code: "DELIVERY_NOT_FOUND" }]);
    }
  });

  test("are sent again, one or all that were given up since a time", async () => {
    const again = { id: "dlv_1", endpoint_id: "tgt_ops", status: "pending", resent: true };
    expect(await told("POST", "ops/deliveries/dlv_1/retry")).toMatchObject([202, again]);
    expect(await told("POST", "ops/recover", { since: "2026-02-02T14:45:30Z" })).toEqual([202, { recovered: 3 }]);
    expect(deliveries.asked.at(-1)).toEqual(["recover", "tgt_ops", Date.UTC(2026, 1, 2, 14, 45, 30)]);
    expect(await told("POST", "ops/recover", { since: "soon" })).toMatchObject([422, { code: "FIELDS_INVALID" }]);
  });

  test.each<[string, string, unknown?]>([
    ["GET", "none/deliveries"],
    ["GET", "none/deliveries/dlv_1"],
    ["POST", "none/deliveries/dlv_1/retry"],
    ["POST", "none/recover", { since: "2026-02-02" }],
  ])("%s %s: a target that is not there is 404", async (method, path, body) => {
    expect(await told(method, path, body)).toMatchObject([404, { code: "TARGET_NOT_FOUND" }]);
  });

  test.each([
    ["deliveries", "GET, HEAD"],
    ["deliveries/dlv_1", "GET, HEAD"],
    ["deliveries/dlv_1/retry", "POST"],
    ["recover", "POST"],
  ])("%s takes no other method than %s, and nothing without the token", async (below, allow) => {
    const answer = await ask("PUT", `/api/targets/ops/${below}`, engine);
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
    for (const method of ["GET", "POST"]) {
      expect((await ask(method, `/api/targets/ops/${below}`, engine, false)).status).toBe(401);
    }
  });
});
