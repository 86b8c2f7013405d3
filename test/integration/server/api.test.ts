// The management API, without a port.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, makeEntry, makePipeline, makeRun, runId, token, type FakeEngine } from "./fake-engine.ts";
import { readJson } from "./read-json.ts";

const origin = "http://nas";

function serve(engine: FakeEngine = createFakeEngine()) {
  const logged: string[] = [];
  const log = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const server = createServer({ engine, token, logger: { debug: log, info: log, warn: log, error: log } });
  const ask = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${token}`);
    return server.handle(new Request(origin + path, { ...init, headers }));
  };
  return {
    engine,
    server,
    ask,
    logged,
    post: (path: string, body?: string) => ask(path, { method: "POST", body: body ?? null }),
  };
}

describe("the token", () => {
  const paths = [
    "/api/pipelines",
    "/api/runs",
    `/api/runs/${runId}/logs`,
    "/api/webhooks",
    "/nothing",
    "/",
    "/healthz/x",
  ];

  test.each(paths)("is needed for %s", async (path) => {
    const { server } = serve();
    for (const authorization of [undefined, "Bearer wrong", `Basic ${token}`]) {
      const request = new Request(
        `${origin}${path}?token=${token}`,
        authorization ? { headers: { authorization } } : {},
      );
      const answer = await server.handle(request);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toStartWith("Bearer");
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(await readJson(answer))["toMatchObject"]({ code: "UNAUTHORIZED", status: 401 });
    }
  });

  test.each(["/api/webhooks/../pipelines", "/api/webhooks/%2e%2e/pipelines", "//api/pipelines"])(
    "cannot be avoided by %s",
    async (path) => {
      const { server } = serve();
      expect((await server.handle(new Request(origin + path))).status).toBe(401);
    },
  );

  test("is not needed for health", async () => {
    const { server } = serve();
    expect((await server.handle(new Request(`${origin}/healthz`))).status).toBe(200);
    expect((await server.handle(new Request(`${origin}/readyz`))).status).toBe(200);
  });
});

const notReady = (): never => {
  throw new AppError("SHUTTING_DOWN", "the server is stopping");
};

describe("health", () => {
  test("healthz is ok while the engine is not ready, readyz is 503", async () => {
    const { ask } = serve(createFakeEngine({ checkReady: notReady }));
    const health = await ask("/healthz");
    expect([health.status, await health.json()]).toEqual([200, { status: "ok" }]);
    const ready = await ask("/readyz");
    expect([ready.status, ready.headers.has("retry-after")]).toEqual([503, true]);
  });
});

describe("errors", () => {
  test("an unknown path is 404 as problem+json", async () => {
    const answer = await serve().ask("/api/nothing");
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await readJson(answer))["toMatchObject"]({
      type: "about:blank",
      title: "Not Found",
      status: 404,
      code: "NOT_FOUND",
    });
  });

  test.each([
    ["DELETE", "/api/runs", "GET, HEAD"],
    ["PUT", `/api/runs/${runId}`, "GET, HEAD"],
    ["POST", `/api/runs/${runId}/logs`, "GET, HEAD"],
    ["GET", `/api/runs/${runId}/cancel`, "POST"],
    ["GET", `/api/runs/${runId}/rerun`, "POST"],
    ["OPTIONS", "/api/pipelines", "GET, HEAD"],
    ["POST", "/api/pipelines/deploy", "GET, HEAD, PUT, DELETE"],
    ["PATCH", "/api/pipelines/home/backup", "GET, HEAD, PUT, DELETE"],
    ["GET", "/api/pipelines/deploy/trigger", "POST"],
    ["PUT", "/api/pipelines/deploy/trigger", "POST"],
    ["POST", "/healthz", "GET, HEAD"],
    ["PROPFIND", "/api/runs", "GET, HEAD"],
  ])("%s %s is 405 with Allow: %s", async (method, path, allow) => {
    const answer = await serve().ask(path, { method });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
    expect(await readJson(answer))["toMatchObject"]({ code: "METHOD_NOT_ALLOWED", status: 405 });
  });

  test("an unexpected one is 500, tells nothing, and is logged without the query", async () => {
    const engine = createFakeEngine({ getRun: () => Promise.reject(new TypeError("password is hunter2")) });
    const { ask, logged } = serve(engine);
    const answer = await ask(`/api/runs/${runId}?signature=abc`);
    const text = await answer.text();
    expect([answer.status, JSON.parse(text).code]).toEqual([500, "INTERNAL"]);
    expect(text).not.toContain("hunter2");
    expect(logged.join()).toContain("hunter2");
    expect(logged.join()).not.toContain("signature");
  });

  test("a value that is no error is 500 as well", async () => {
    const engine = createFakeEngine({ getRun: () => Promise.reject("just text") });
    expect((await serve(engine).ask(`/api/runs/${runId}`)).status).toBe(500);
  });

  test("no answer has a CORS header", async () => {
    const { ask } = serve();
    for (const path of ["/api/runs", "/healthz", "/api/nothing", "/api/webhooks/deploy"]) {
      const { headers } = await ask(path, { headers: { origin: "http://evil" } });
      expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cache-control")).toContain("no-store");
    }
  });
});

describe("trigger", () => {
  test.each(["home/backup", "home%2Fbackup"])("%s starts home/backup", async (id) => {
    const { engine, post } = serve();
    const body = '{"params":{"target":"nas"},"args":["x"],"jobs":["copy"]}';
    const answer = await post(`/api/pipelines/${id}/trigger`, body);
    expect([answer.status, await answer.json()]).toEqual([202, { run_id: runId }]);
    expect(answer.headers.get("location")).toBe(`/api/runs/${runId}`);
    expect(engine.asked.triggers).toEqual([
      { pipeline: "home/backup", input: { params: { target: "nas" }, args: ["x"], jobs: ["copy"] } },
    ]);
  });

  test("needs no body", async () => {
    const { engine, post } = serve();
    await post("/api/pipelines/trigger/trigger");
    expect(engine.asked.triggers).toEqual([{ pipeline: "trigger", input: { params: {}, args: [], jobs: [] } }]);
  });

  test("takes JSON of whatever content type, as curl -d sends it", async () => {
    const { engine, ask } = serve();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    await ask("/api/pipelines/deploy/trigger", { method: "POST", body: '{"args":["x"]}', headers });
    expect(engine.asked.triggers[0]?.input.args).toEqual(["x"]);
  });

  test("says where the body stops being JSON", async () => {
    const answer = await serve().post("/api/pipelines/deploy/trigger", '{"params":\n {,}}');
    expect(answer.status).toBe(400);
    expect(await readJson(answer))["toMatchObject"]({ code: "INVALID_JSON", details: { line: 2, column: 3 } });
  });

  test("names the wrong field", async () => {
    const answer = await serve().post("/api/pipelines/deploy/trigger", '{"args":[1]}');
    expect([answer.status, (await readJson(answer))["details"]]).toEqual([400, { field: "args[0]" }]);
  });

  test("of an unknown pipeline is 404", async () => {
    const answer = await serve().post("/api/pipelines/missing/trigger");
    expect([answer.status, (await readJson(answer))["code"]]).toEqual([404, "PIPELINE_NOT_FOUND"]);
  });

  test("?wait= answers 200 with the finished run", async () => {
    const answer = await serve().post("/api/pipelines/deploy/trigger?wait=30s");
    expect([answer.status, (await readJson(answer))["status"]]).toEqual([200, "succeeded"]);
  });

  test("?wait= answers 202 with the run as it is when the time is over", async () => {
    let waitedMs = 0;
    const engine = createFakeEngine({
      waitAsCaller: async (_, timeoutMs) => {
        waitedMs = timeoutMs;
        return makeRun({ status: "running", finishedAt: null });
      },
    });
    const answer = await serve(engine).post("/api/pipelines/deploy/trigger?wait=1m30s");
    expect([answer.status, (await readJson(answer))["status"], waitedMs]).toEqual([202, "running", 90_000]);
  });

  test.each(["11m", "x", "-1s"])("?wait=%s is 400 and starts nothing", async (wait) => {
    const { engine, post } = serve();
    const answer = await post(`/api/pipelines/deploy/trigger?wait=${wait}`);
    expect([answer.status, (await readJson(answer))["details"]]).toEqual([400, { parameter: "wait" }]);
    expect(engine.asked.triggers).toHaveLength(0);
  });

  test("?wait= ends when the caller leaves", async () => {
    const waiting = Promise.withResolvers<AbortSignal>();
    const engine = createFakeEngine({
      waitAsCaller: (_, __, signal) =>
        new Promise((_, reject) => {
          if (!signal) return;
          signal.addEventListener("abort", () => reject(signal.reason as Error));
          waiting.resolve(signal);
        }),
    });
    const { ask, logged } = serve(engine);
    const abort = new AbortController();
    const answer = ask("/api/pipelines/deploy/trigger?wait=5m", { method: "POST", signal: abort.signal });
    const signal = await waiting.promise;
    abort.abort();
    await answer;
    expect([signal.aborted, logged]).toEqual([true, []]);
  });
});

describe("pipelines", () => {
  test("are listed with state and last run, never with their secret", async () => {
    const version = { ...makePipeline("x").version, config: { webhook: { secret: "hunter2" }, params: {} } };
    const pipeline = makePipeline("home/b c", { version: version as never });
    const engine = createFakeEngine({
      listPipelines: async () => [{ pipeline, lastRun: makeRun(), secretFrom: "file", paused: false }],
    });
    const text = await (await serve(engine).ask("/api/pipelines")).text();
    expect(text).not.toContain("hunter2");
    expect(JSON.parse(text).pipelines[0]).toMatchObject({
      id: "home/b c",
      file: "home/b c.ts",
      state: "ok",
      version: "abc",
      config: { webhook: { path: "/api/webhooks/home/b%20c", provider: null, signed: true }, timeout_ms: null },
      last_run: { id: runId },
    });
  });

  test.each(["home/backup", "home%2Fbackup"])("GET %s is one of them", async (id) => {
    const answer = await serve().ask(`/api/pipelines/${id}`);
    expect([answer.status, (await readJson(answer))["id"]]).toEqual([200, "home/backup"]);
  });

  test("one that never loaded has problems and no version", async () => {
    const problem = {
      severity: "error",
      file: "x.ts",
      line: 1,
      column: 2,
      message: "no pipeline export",
      hint: null,
    } as const;
    const problems = [problem];
    const pipeline = makePipeline("x", { state: "broken", version: null, problems });
    const engine = createFakeEngine({
      getPipeline: async () => ({ pipeline, lastRun: null, secretFrom: null, paused: false }),
    });
    const answer = await serve(engine).ask("/api/pipelines/x");
    expect(await readJson(answer))["toMatchObject"]({ state: "broken", version: null, config: null, problems });
  });
});

describe("runs", () => {
  test("are listed by pipeline, status, limit and cursor", async () => {
    const { engine, ask } = serve();
    const answer = await ask("/api/runs?pipeline=home/backup&status=failed&limit=7&cursor=abc");
    expect(await readJson(answer))["toMatchObject"]({ runs: [{ id: runId }], next_cursor: "next" });
    expect(engine.asked.lists).toEqual([{ pipeline: "home/backup", status: "failed", limit: 7, cursor: "abc" }]);
  });

  test("are 50 by default", async () => {
    const { engine, ask } = serve();
    await ask("/api/runs");
    expect(engine.asked.lists).toEqual([{ limit: 50 }]);
  });

  test.each(["status=done", "limit=0", "limit=501", "limit=x"])("?%s is 400", async (query) => {
    const answer = await serve().ask(`/api/runs?${query}`);
    expect([answer.status, (await readJson(answer))["code"]]).toEqual([400, "VALIDATION_FAILED"]);
  });

  test("one is found by its id, another is 404", async () => {
    const { ask } = serve();
    expect((await readJson(await ask(`/api/runs/${runId}`)))["created_at"]).toBe("2023-11-14T22:13:20.000Z");
    expect((await ask("/api/runs/other")).status).toBe(404);
    expect((await ask("/api/runs/other/logs")).status).toBe(404);
  });

  test("an id with a broken percent-encoding is 400", async () => {
    const answer = await serve().ask("/api/runs/%ff/cancel", { method: "POST" });
    expect([answer.status, (await readJson(answer))["code"]]).toEqual([400, "BAD_REQUEST"]);
  });

  test("cancel is 202 with the run, 409 once it has ended", async () => {
    const { ask, post } = serve();
    const answer = await post(`/api/runs/${runId}/cancel`);
    expect([answer.status, (await readJson(answer))["status"]]).toEqual([202, "cancelled"]);
    const ended = createFakeEngine({
      cancel: async () => {
        throw new AppError("RUN_ALREADY_ENDED", "it ended");
      },
    });
    expect((await serve(ended).post(`/api/runs/${runId}/cancel`)).status).toBe(409);
    expect((await ask(`/api/runs/${runId}`, { method: "HEAD" })).body).toBeNull();
  });
});

describe("logs", () => {
  const path = `/api/runs/${runId}/logs`;

  test("are text by default", async () => {
    const answer = await serve().ask(path);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await answer.text()).toBe("line 1\nout\n[runner] cut\n");
  });

  test("are NDJSON by Accept or by ?format=, which wins", async () => {
    const { ask } = serve();
    const accept = { accept: "text/plain;q=0.5, application/x-ndjson" };
    for (const answer of [await ask(path, { headers: accept }), await ask(`${path}?format=ndjson`)]) {
      expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
      const lines = (await answer.text()).trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line).seq)).toEqual([1, 2, 3]);
    }
    expect((await ask(`${path}?format=text`, { headers: accept })).headers.get("content-type")).toStartWith(
      "text/plain",
    );
  });

  test("?after= and ?follow= reach the engine", async () => {
    const asked: unknown[] = [];
    const engine = createFakeEngine({
      async *readLogs(id, { afterSeq, follow }) {
        asked.push([id, afterSeq, follow]);
        yield makeEntry(afterSeq + 1);
      },
    });
    const { ask } = serve(engine);
    await (await ask(`${path}?after=41&follow=1`)).text();
    await (await ask(path)).text();
    expect(asked).toEqual([
      [runId, 41, true],
      [runId, 0, false],
    ]);
    expect((await ask(`${path}?after=-1`)).status).toBe(400);
    expect((await ask(`${path}?follow=perhaps`)).status).toBe(400);
  });

  test("of many entries come whole and in order", async () => {
    const engine = createFakeEngine({
      async *readLogs() {
        for (let seq = 1; seq <= 20_000; seq++) yield makeEntry(seq);
      },
    });
    const text = await (await serve(engine).ask(path)).text();
    expect(text).toBe(Array.from({ length: 20_000 }, (_, index) => `line ${index + 1}\n`).join(""));
  });

  test("that break in the middle break the answer and are logged", async () => {
    const engine = createFakeEngine({
      async *readLogs() {
        yield makeEntry(1);
        throw new Error("disk gone");
      },
    });
    const { ask, logged } = serve(engine);
    const answer = await ask(path);
    expect(answer.text()).rejects.toThrow();
    await Bun.sleep(20);
    expect(logged.join()).toContain("disk gone");
  });

  test("HEAD asks for no entry", async () => {
    const engine = createFakeEngine({
      readLogs: () => {
        throw new Error("asked");
      },
    });
    const answer = await serve(engine).ask(`${path}?follow=1`, { method: "HEAD" });
    expect([answer.status, answer.body]).toEqual([200, null]);
  });
});
