// ANY /api/webhooks/{pipeline}, without a port.

import { describe, expect, test } from "bun:test";
import { STATUS_CODES } from "node:http";
import { AppError, type ErrorCode } from "../../../src/core/app-error.ts";
import type { Engine, RequestHead, WebhookAnswer } from "../../../src/engine/engine.ts";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, runId, token } from "./fake-engine.ts";
import { readJson } from "./read-json.ts";

const address = "http://127.0.0.1:8080/api/webhooks/";

function serve(answer?: Partial<Extract<WebhookAnswer, { type: "response" }>>) {
  const engine = createFakeEngine();
  if (answer) {
    engine.receiveWebhook = async () => ({ type: "response", runId, status: 200, headers: {}, body: "", ...answer });
  }
  const server = createServer({ engine, token });
  return { engine, send: (path: string, init?: RequestInit) => server.handle(new Request(address + path, init)) };
}

describe("the request", () => {
  test.each(["home/backup", "home%2Fbackup", "home/backup/"])("%s is the pipeline home/backup", async (path) => {
    const { engine, send } = serve();
    await send(path, { method: "POST" });
    expect(engine.asked.webhooks[0]?.pipeline).toBe("home/backup");
  });

  test.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND", "PURGE"])(
    "%s reaches the engine without a token",
    async (method) => {
      const { engine, send } = serve();
      expect((await send("deploy", { method })).status).toBe(202);
      expect(engine.asked.webhooks[0]?.method).toBe(method);
    },
  );

  test.each([
    ["application/json", '{"a": 1 }'],
    ["application/x-www-form-urlencoded", "a=1&b=%20"],
    ["multipart/form-data; boundary=x", "--x\r\nnot really"],
    ["text/plain", "\uFEFFx"],
    ["application/json", "{broken"],
    [null, '{"a":1}'],
  ])("a body of type %s is handed over byte for byte", async (type, body) => {
    const { engine, send } = serve();
    const bytes = new TextEncoder().encode(body);
    const answer = await send("deploy", {
      method: "POST",
      body: bytes,
      ...(type ? { headers: { "content-type": type } } : {}),
    });
    expect(answer.status).toBe(202);
    expect(engine.asked.webhooks[0]?.body).toEqual(bytes);
  });

  test("a header or a parameter named __proto__ is one like any other", async () => {
    const { engine, send } = serve();
    await send("deploy?__proto__=q&constructor=c", { method: "POST", headers: [["__proto__", "h"]] });
    const { headers = {}, query = {} } = engine.asked.webhooks[0] ?? {};
    expect([Object.entries(query), Object.hasOwn(headers, "__proto__")]).toEqual([
      [
        ["__proto__", "q"],
        ["constructor", "c"],
      ],
      true,
    ]);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  });

  test("bytes that are no text are handed over as they are", async () => {
    const { engine, send } = serve();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await send("deploy", { method: "POST", body: bytes });
    expect(engine.asked.webhooks[0]?.body).toEqual(bytes);
  });

  test("url, first query values and lower-case headers are as sent", async () => {
    const { engine, send } = serve();
    await send("deploy?signature=ab&signature=cd&x=%20y", { headers: { "X-GitHub-Event": "push" } });
    const [received] = engine.asked.webhooks;
    expect(received?.url).toBe("/api/webhooks/deploy?signature=ab&signature=cd&x=%20y");
    expect({ ...received?.query }).toEqual({ signature: "ab", x: " y" });
    expect(received?.headers["x-github-event"]).toBe("push");
    expect(received?.body).toEqual(new Uint8Array(0));
  });

  test("a broken percent-encoding is 400 and does not reach the engine", async () => {
    const { engine, send } = serve();
    const answer = await send("a%ff");
    expect([answer.status, (await readJson(answer))["code"]]).toEqual([400, "BAD_REQUEST"]);
    expect(engine.asked.webhooks).toHaveLength(0);
  });

  test("content encodings other than identity are 415", async () => {
    const { send } = serve();
    const init = (encoding: string) => ({ method: "POST", body: "x", headers: { "content-encoding": encoding } });
    expect((await send("deploy", init("gzip"))).status).toBe(415);
    expect((await send("deploy", init("Identity"))).status).toBe(202);
  });

  test("65 headers are 431, 64 are not", async () => {
    const { send } = serve();
    const headers = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, "1"]));
    expect((await send("deploy", { headers: headers(64) })).status).toBe(202);
    const answer = await send("deploy", { headers: headers(65) });
    expect([answer.status, (await readJson(answer))["code"]]).toEqual([431, "HEADERS_TOO_LARGE"]);
  });

  test("the engine is asked with the headers that fit, so that a request with too many is on record", async () => {
    const heads: RequestHead[] = [];
    const receiveWebhook: Engine["receiveWebhook"] = async (head, readBody) => {
      heads.push(head);
      await readBody();
      return { type: "accepted", runId };
    };
    const server = createServer({ engine: createFakeEngine({ receiveWebhook }), token });
    const post = async (headers: Record<string, string>): Promise<number> =>
      (await server.handle(new Request(`${address}deploy`, { method: "POST", headers, body: "{}" }))).status;
    expect(await post({ "x-github-event": "push", "x-long": "a".repeat(40_000) })).toBe(431);
    expect(await post(Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`x-${index}`, "1"])))).toBe(431);
    const [long, many] = heads.map(({ headers }) => headers);
    expect(long).toMatchObject({ "x-github-event": "push" });
    expect(long).not.toHaveProperty("x-long");
    expect(Object.keys(many ?? {}).length).toBe(64);
  });

  test("whose headers are too large is told so only where there is such a pipeline", async () => {
    const receiveWebhook = async (): Promise<never> => {
      throw new AppError("PIPELINE_NOT_FOUND", "there is none");
    };
    const server = createServer({ engine: createFakeEngine({ receiveWebhook }), token });
    const headers = { "x-long": "a".repeat(40_000) };
    const answer = await server.handle(new Request(`${address}deploy`, { method: "POST", headers, body: "{}" }));
    expect(answer.status).toBe(404);
  });
});

describe("the answer", () => {
  test("where the pipeline's condition does not hold is 202 and names no run", async () => {
    const engine = createFakeEngine({ receiveWebhook: async () => ({ type: "skipped", reason: "condition_false" }) });
    const response = await createServer({ engine, token }).handle(new Request(`${address}deploy`, { method: "POST" }));
    expect([response.status, await response.text()]).toEqual([202, '{"skipped":true}']);
  });

  test("to a payload that does not fit is 422 and tells where, and no other error tells what the engine knows", async () => {
    const details = { errors: [{ path: "/ref", message: "must be string" }] };
    const fail = async (code: ErrorCode): Promise<unknown> => {
      const receiveWebhook = async (): Promise<never> => {
        throw new AppError(code, "of pipeline deploy", { details, hint: "look" });
      };
      const server = createServer({ engine: createFakeEngine({ receiveWebhook }), token });
      return await readJson(await server.handle(new Request(`${address}deploy`, { method: "POST" })));
    };
    expect(await fail("PAYLOAD_INVALID")).toMatchObject({
      status: 422,
      title: "Unprocessable Entity",
      detail: "the payload does not fit this pipeline's schema",
      code: "PAYLOAD_INVALID",
      details,
    });
    expect(await fail("SIGNATURE_INVALID")).not.toHaveProperty("details");
  });

  test("without a response of the script is 202 with the run's id", async () => {
    const answer = await serve().send("deploy", { method: "POST" });
    expect(answer.status).toBe(202);
    expect(await readJson(answer))["toEqual"]({ run_id: runId });
  });

  test("is the script's status, headers and body", async () => {
    const { send } = serve({ status: 418, headers: { "X-Tea": "green" }, body: "short and stout" });
    const answer = await send("deploy", { method: "POST" });
    expect([answer.status, answer.headers.get("x-tea"), await answer.text()]).toEqual([
      418,
      "green",
      "short and stout",
    ]);
  });

  test.each([204, 205, 304])("%d has no body", async (status) => {
    const answer = await serve({ status, body: "dropped" }).send("deploy", { method: "POST" });
    expect([answer.status, answer.body]).toEqual([status, null]);
  });

  test("to HEAD has no body but its length", async () => {
    const answer = await serve({ body: "hütte" }).send("deploy", { method: "HEAD" });
    expect([answer.body, answer.headers.get("content-length")]).toEqual([null, "6"]);
  });

  test("cannot smuggle headers nor speak about the connection", async () => {
    const headers = {
      "x-a": "1\r\nset-cookie: a=b",
      connection: "keep-alive",
      "transfer-encoding": "chunked",
      "content-length": "3",
    };
    const answer = await serve({ headers, body: "hello" }).send("deploy", { method: "POST" });
    for (const name of ["x-a", "set-cookie", "connection", "transfer-encoding", "content-length"]) {
      expect(answer.headers.has(name)).toBe(false);
    }
    expect(await answer.text()).toBe("hello");
  });

  test("that is a page is sandboxed", async () => {
    const answer = await serve({ headers: { "content-type": "text/html" }, body: "<script>" }).send("deploy");
    expect(answer.headers.get("content-security-policy")).toBe("sandbox");
  });

  test.each([0, 101, 199, 600, 200.5, Number.NaN])("with the status %d is 500", async (status) => {
    expect((await serve({ status }).send("deploy")).status).toBe(500);
  });
});

describe("an error of the engine", () => {
  async function fail(code: ErrorCode, message: string) {
    const engine = createFakeEngine({
      receiveWebhook: async () => {
        throw new AppError(code, message, { hint: "inner hint", details: { inner: "detail" } });
      },
    });
    const answer = await createServer({ engine, token }).handle(new Request(`${address}deploy`, { method: "POST" }));
    return { answer, text: await answer.text() };
  }

  test("401 is one sentence, whatever the reason", async () => {
    const first = await fail("SIGNATURE_INVALID", "timestamp too old");
    const second = await fail("SIGNATURE_INVALID", "X-Hub-Signature-256 is missing");
    expect(first.answer.status).toBe(401);
    expect(first.text).toBe(second.text);
    expect(first.answer.headers.has("www-authenticate")).toBe(false);
  });

  test.each([
    ["SECRET_MISSING", 503],
    ["PIPELINE_BROKEN", 409],
    ["STORE_UNAVAILABLE", 503],
  ] as const)("%s is %d and tells a stranger nothing of the inside", async (code, status) => {
    const { answer, text } = await fail(code, "env:DEPLOY_KEY in /srv/pipelines");
    expect(answer.status).toBe(status);
    expect(text).toContain(code);
    expect(text).not.toMatch(/DEPLOY_KEY|inner/);
    if (status === 503) expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
  });

  test.each([
    ["PIPELINE_NOT_FOUND", 404, "there is no such webhook"],
    ["WEBHOOK_DISABLED", 404, "this pipeline takes no webhooks"],
    ["SHUTTING_DOWN", 503, "the server is stopping"],
    ["PARAM_INVALID", 400, "this webhook cannot be taken"],
  ] as const)("%s is %d with a fixed sentence", async (code, status, detail) => {
    const { answer, text } = await fail(code, 'the pipeline "secret-plan" takes { region }');
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const title = STATUS_CODES[status];
    expect(JSON.parse(text)).toEqual({ type: "about:blank", title, status, code, detail, hint: null });
  });

  test("a body that is refused before the engine sees it is told why", async () => {
    const body = new Uint8Array(1024 * 1024 + 1);
    const answer = await serve().send("deploy", { method: "POST", body });
    expect(answer.status).toBe(413);
    expect((await readJson(answer))["detail"]).toContain("1048576");
  });
});
