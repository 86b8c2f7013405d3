// Targets in the API, without a port.

import { describe, expect, test } from "bun:test";
import type { MadeAttempt } from "../../../src/engine/engine.ts";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, type FakeEngine, token } from "./fake-engine.ts";
import { readJson } from "./read-json.ts";

async function ask(
  method: string,
  path: string,
  engine: FakeEngine = createFakeEngine(),
  guarded = true,
): Promise<Response> {
  const headers = guarded ? { authorization: `Bearer ${token}` } : {};
  return await createServer({ engine, token }).handle(new Request(`http://nas${path}`, { method, headers }));
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
