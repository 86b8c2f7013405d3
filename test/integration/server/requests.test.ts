// Recorded webhooks over HTTP.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { createServer } from "../../../src/server/server.ts";
import { makeRecord } from "../../fixtures/records/make-record.ts";
import { createFakeEngine, makeKeptRequest, requestId, runId, token, type FakeEngine } from "./fake-engine.ts";
import { readJson } from "./read-json.ts";

function serve(engine: FakeEngine = createFakeEngine()) {
  const server = createServer({ engine, token });
  const ask = (path: string, init: RequestInit = {}) =>
    server.handle(new Request(`http://nas${path}`, { ...init, headers: { authorization: `Bearer ${token}` } }));
  return { engine, ask, post: (path: string, body?: string) => ask(path, { method: "POST", body: body ?? null }) };
}

const listed = {
  id: requestId,
  pipeline: "deploy",
  received_at: "1970-01-01T00:00:00.100Z",
  verdict: "refused",
  verified: false,
  reason: "signature_mismatch",
  run_id: null,
  redelivery_of: null,
  delivery_id: null,
  same_body_as: null,
  provider: "github",
  event_type: "push",
  method: "POST",
  url: "/api/webhooks/deploy?a=1",
  address: null,
  body_bytes: 0,
  answer: { status: 401, code: "SIGNATURE_INVALID", duration_ms: 0.5 },
};

describe("the list", () => {
  test("asks for what the query says, and leaves out what is large", async () => {
    const { engine, ask } = serve();
    const answer = await ask(
      "/api/requests?pipeline=deploy&verdict=refused&reason=rate_limited&run=r&limit=7&cursor=c",
    );
    expect([answer.status, await readJson(answer)]).toEqual([200, { requests: [listed], next_cursor: "next" }]);
    await ask("/api/requests?pipeline=&cursor=");
    const asked = { pipeline: "deploy", verdict: "refused", reason: "rate_limited", runId: "r", limit: 7, cursor: "c" };
    expect(engine.asked.requests).toEqual([asked, { limit: 50 }]);
  });

  test.each(["verdict=maybe", "limit=0", "limit=501", "limit=x"])("%s is 400", async (query) => {
    const answer = await serve().ask(`/api/requests?${query}`);
    expect([answer.status, (await readJson(answer))["code"]]).toEqual([400, "VALIDATION_FAILED"]);
  });

  test("is given to nobody without the token", async () => {
    for (const path of ["/api/requests", `/api/requests/${requestId}`]) {
      const answer = await createServer({ engine: createFakeEngine(), token }).handle(new Request(`http://nas${path}`));
      expect(answer.status).toBe(401);
    }
  });
});

describe("a request", () => {
  const whole = async (body: Uint8Array, isCut = false): Promise<Record<string, unknown>> => {
    const { request } = makeRecord(requestId);
    const kept = makeKeptRequest({ request: { ...request, body }, bodyBytes: 9, isCut });
    return await readJson(
      await serve(createFakeEngine({ getRequest: async () => kept })).ask(`/api/requests/${requestId}`),
    );
  };

  test("has its headers, its query and its body as text", async () => {
    const text = '\uFEFF{"who":"Jürgen"}';
    expect(await whole(Buffer.from(text))).toEqual({
      ...listed,
      body_bytes: 9,
      headers: { "content-type": "application/json", "x-odd": 'quo"te' },
      query: { a: "1" },
      body: text,
      body_base64: null,
      body_truncated: false,
    });
  });

  test("whose bytes are no text has them as base64", async () => {
    expect(await whole(Uint8Array.of(0xc3, 0x28), true)).toMatchObject({
      body: null,
      body_base64: "wyg=",
      body_truncated: true,
    });
  });

  test("that is not there is 404", async () => {
    const answer = await serve().ask("/api/requests/nope");
    expect([answer.status, (await readJson(answer))["code"]]).toEqual([404, "REQUEST_NOT_FOUND"]);
  });
});

describe("redeliver", () => {
  const path = `/api/requests/${requestId}/redeliver`;

  test.each([
    [undefined, false],
    ["{}", false],
    ['{"force":false}', false],
    ['{"force":true}', true],
  ])("of %s is with force: %p", async (body, force) => {
    const { engine, post } = serve();
    const answer = await post(path, body);
    const expected = {
      request_id: requestId,
      run_id: runId,
      skipped: false,
      reason: null,
      duplicate: false,
      status: 202,
      body: null,
    };
    expect([answer.status, await readJson(answer)]).toEqual([200, expected]);
    expect(engine.asked.requests).toEqual([[requestId, { force }]]);
  });

  test.each([
    ['{"force":1}', "force"],
    ['{"forced":true}', "forced"],
    ["[]", "body"],
  ])("%s is 400 naming the field", async (body, field) => {
    const { engine, post } = serve();
    const answer = await post(path, body);
    expect([answer.status, (await readJson(answer))["details"]]).toEqual([400, { field }]);
    expect(engine.asked.requests).toEqual([]);
  });

  test("tells the script's answer, or that no run began", async () => {
    const redeliver = async (id: string) =>
      await Promise.resolve({
        requestId: id,
        answer: { type: "response", runId, status: 418, headers: { a: "b" }, body: "short" } as const,
      });
    const answered = await serve(createFakeEngine({ redeliver })).post(path);
    expect(await readJson(answered)).toMatchObject({ run_id: runId, status: 418, body: "short", skipped: false });
    const skip = async (id: string) =>
      await Promise.resolve({ requestId: id, answer: { type: "skipped", reason: "condition_false" } as const });
    const skipped = await serve(createFakeEngine({ redeliver: skip })).post(path);
    expect(await readJson(skipped)).toMatchObject({ run_id: null, skipped: true, reason: "condition_false" });
    const repeat = async (id: string) =>
      await Promise.resolve({ requestId: id, answer: { type: "duplicate", runId } as const });
    const repeated = await serve(createFakeEngine({ redeliver: repeat })).post(path);
    expect(await readJson(repeated)).toMatchObject({ run_id: runId, status: 200, skipped: false, duplicate: true });
  });

  test("of one that is not there is 404, of one that is not believed 409 with the way out", async () => {
    expect((await serve().post("/api/requests/nope/redeliver")).status).toBe(404);
    const redeliver = () =>
      Promise.reject(new AppError("REQUEST_NOT_VERIFIED", "who knows who sent it", { hint: "use --force" }));
    const answer = await serve(createFakeEngine({ redeliver })).post(path);
    expect([answer.status, (await readJson(answer))["hint"]]).toEqual([409, "use --force"]);
  });
});
